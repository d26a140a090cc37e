package headertree

import (
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// denseLocator is how many of a locator's entries follow one another before
// their distance doubles. Source: Bitcoin Core's GetLocator. A locator from
// height 2^31 has 10 + 28 + 1 entries, far below the 101 that may be sent.
const denseLocator = 10

// Lookup returns a header of any branch by its hash.
func (t *Tree) Lookup(hash chainhash.Hash) (Entry, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n, ok := t.nodes[hash]
	if !ok {
		return Entry{}, false
	}
	return n.entry(), true
}

// Has says whether a header is known, on whatever branch.
func (t *Tree) Has(hash chainhash.Hash) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, ok := t.nodes[hash]
	return ok
}

// Invalid says whether a header, or one it builds on, is marked.
func (t *Tree) Invalid(hash chainhash.Hash) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n, ok := t.nodes[hash]
	return ok && n.bad
}

// Best returns the end of the best chain: the most work among valid headers,
// and of equal ones the first that came.
func (t *Tree) Best() Entry {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.best.entry()
}

// At returns the header at a height of the best chain.
func (t *Tree) At(height int32) (Entry, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if height < 0 || int(height) >= len(t.chain) {
		return Entry{}, false
	}
	return t.chain[height].entry(), true
}

// Ancestor returns the ancestor of a header at a height, itself included.
func (t *Tree) Ancestor(hash chainhash.Hash, height int32) (Entry, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := t.nodes[hash].ancestor(height)
	if n == nil {
		return Entry{}, false
	}
	return n.entry(), true
}

// Fork returns the last header that the chains of a and b have in common.
func (t *Tree) Fork(a, b chainhash.Hash) (Entry, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	x, y := t.nodes[a], t.nodes[b]
	if x == nil || y == nil {
		return Entry{}, false
	}
	low := min(x.height, y.height)
	x, y = x.ancestor(low), y.ancestor(low)
	for x != y {
		if x.skip != y.skip {
			x, y = x.skip, y.skip
		} else {
			x, y = x.parent, y.parent
		}
	}
	return x.entry(), true
}

// Path returns the hashes after from up to and including to, ascending, at most
// so many; nil if from is not an ancestor of to.
func (t *Tree) Path(from, to chainhash.Hash, most int) []chainhash.Hash {
	t.mu.RLock()
	defer t.mu.RUnlock()
	a, b := t.nodes[from], t.nodes[to]
	if a == nil || b == nil || b.ancestor(a.height) != a || most <= 0 {
		return nil
	}
	n := b.ancestor(min(b.height, a.height+int32(min(most, int(b.height-a.height))))) // at most a height
	path := make([]chainhash.Hash, n.height-a.height)
	for ; n != a; n = n.parent {
		path[n.height-a.height-1] = n.hash
	}
	return path
}

// Locator returns hashes from the given header back to genesis, dense at first,
// then ever further apart; nil for an unknown header.
func (t *Tree) Locator(hash chainhash.Hash) []chainhash.Hash {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := t.nodes[hash]
	if n == nil {
		return nil
	}
	var locator []chainhash.Hash
	for step := int32(1); ; {
		locator = append(locator, n.hash)
		if n.height == 0 {
			return locator
		}
		if len(locator) > denseLocator {
			step *= 2
		}
		n = n.ancestor(max(0, n.height-step))
	}
}

// After answers getheaders: the headers of the best chain that follow the first
// of the locator's hashes which is on it, or genesis if none is, up to the stop
// hash or to so many. An empty locator asks for the one header of the stop hash,
// on whatever branch.
func (t *Tree) After(locator []chainhash.Hash, stop chainhash.Hash, most int) []wire.BlockHeader {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if len(locator) == 0 {
		n, ok := t.nodes[stop]
		if !ok || n.bad {
			return nil
		}
		return []wire.BlockHeader{n.header()}
	}
	part := t.after(locator, stop, most)
	headers := make([]wire.BlockHeader, len(part))
	for i, n := range part {
		headers[i] = n.header()
	}
	return headers
}

// HashesAfter is [Tree.After] with hashes, for getblocks. An empty locator gives
// nothing.
func (t *Tree) HashesAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []chainhash.Hash {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if len(locator) == 0 {
		return nil
	}
	part := t.after(locator, stop, most)
	hashes := make([]chainhash.Hash, len(part))
	for i, n := range part {
		hashes[i] = n.hash
	}
	return hashes
}

// after returns a part of the best chain. The lock is held.
func (t *Tree) after(locator []chainhash.Hash, stop chainhash.Hash, most int) []*node {
	start := 0
	for _, hash := range locator {
		if n, ok := t.nodes[hash]; ok && int(n.height) < len(t.chain) && t.chain[n.height] == n {
			start = int(n.height)
			break
		}
	}
	part := t.chain[start+1:]
	part = part[:min(len(part), max(0, most))]
	if i := slices.IndexFunc(part, func(n *node) bool { return n.hash == stop }); i >= 0 {
		part = part[:i+1]
	}
	return part
}

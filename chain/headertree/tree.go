package headertree

import (
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Entry is one header and its place in the tree.
type Entry struct {
	Hash   chainhash.Hash
	Header wire.BlockHeader
	Height int32
	Work   *big.Int // from genesis to here; the caller's
}

// Tree is all accepted headers. It is safe for concurrent use.
type Tree struct {
	rules rules

	mu    sync.RWMutex
	nodes map[chainhash.Hash]*node
	best  *node
	chain []*node // the best chain by height

	lastBits uint32 // difficulty changes rarely: its work is kept
	lastWork work
}

// New returns a tree that holds the network's genesis.
func New(params *chaincfg.Params) *Tree {
	t := &Tree{rules: newRules(params), nodes: make(map[chainhash.Hash]*node)}
	t.insert(&params.GenesisBlock.Header, *params.GenesisHash, nil)
	return t
}

// Work returns the expected number of hashes that a header of the given
// difficulty stands for.
func Work(bits uint32) *big.Int { return blockchain.CalcWork(bits) }

// Add checks the headers, in order, against the local clock and takes in those
// that are new, which it returns. It stops at the first bad one, whose fault
// comes as a *[HeaderError], or at the first that connects to nothing, which is
// [ErrUnknownParent]; those before it stay. Nothing is remembered of a bad one.
func (t *Tree) Add(now time.Time, headers []wire.BlockHeader) ([]Entry, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	added := make([]Entry, 0, len(headers))
	for i := range headers {
		h := &headers[i]
		hash := h.BlockHash()
		if _, known := t.nodes[hash]; known {
			continue
		}
		parent, ok := t.nodes[h.PrevBlock]
		if !ok {
			return added, fmt.Errorf("header %v, parent %v: %w", hash, h.PrevBlock, ErrUnknownParent)
		}
		if err := t.rules.check(now, h, hash, parent); err != nil {
			return added, err
		}
		added = append(added, t.insert(h, hash, parent).entry())
	}
	return added, nil
}

// Restore takes in headers from our own disk, parents first, without a check.
// invalid tells which of them were marked; it must not call the tree.
func (t *Tree) Restore(headers []wire.BlockHeader, invalid func(chainhash.Hash) bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range headers {
		h := &headers[i]
		hash := h.BlockHash()
		if _, known := t.nodes[hash]; known {
			continue
		}
		parent, ok := t.nodes[h.PrevBlock]
		if !ok {
			return fmt.Errorf("header %v, parent %v: %w", hash, h.PrevBlock, ErrUnknownParent)
		}
		n := t.link(h, hash, parent)
		if invalid(hash) {
			n.failed, n.bad = true, true
		}
		t.consider(n)
	}
	return nil
}

// insert links a header in and moves the best chain if it is better.
func (t *Tree) insert(h *wire.BlockHeader, hash chainhash.Hash, parent *node) *node {
	n := t.link(h, hash, parent)
	t.consider(n)
	return n
}

func (t *Tree) link(h *wire.BlockHeader, hash chainhash.Hash, parent *node) *node {
	n := &node{
		parent: parent, hash: hash, merkle: h.MerkleRoot,
		version: h.Version, bits: h.Bits, nonce: h.Nonce, time: uint32(h.Timestamp.Unix()), // as on the wire
		seq:  uint32(len(t.nodes)), // a count of headers
		work: t.workOf(h.Bits),
	}
	if parent != nil {
		n.height = parent.height + 1
		n.work = parent.work.add(n.work)
		n.bad = parent.bad
		n.skip = parent.ancestor(skipHeight(n.height))
	}
	t.nodes[hash] = n
	return n
}

func (t *Tree) workOf(bits uint32) work {
	if bits != t.lastBits {
		t.lastBits, t.lastWork = bits, workOf(Work(bits))
	}
	return t.lastWork
}

// consider makes the node the best if it is.
func (t *Tree) consider(n *node) {
	if !n.bad && (t.best == nil || n.better(t.best)) {
		t.follow(n)
	}
}

// follow makes the chain that ends in n the best one.
func (t *Tree) follow(n *node) {
	t.best = n
	size := int(n.height) + 1
	if size <= len(t.chain) {
		clear(t.chain[size:]) // the loop below must not meet it when the chain grows again
		t.chain = t.chain[:size]
	} else {
		t.chain = slices.Grow(t.chain, size-len(t.chain))[:size]
	}
	for n != nil && t.chain[n.height] != n {
		t.chain[n.height] = n
		n = n.parent
	}
}

// Invalidate marks a header and all that build on it, for a block that proved
// invalid. The best chain moves elsewhere. Genesis cannot be marked.
func (t *Tree) Invalidate(hash chainhash.Hash) { t.mark(hash, true) }

// Revalidate takes a mark back.
func (t *Tree) Revalidate(hash chainhash.Hash) { t.mark(hash, false) }

func (t *Tree) mark(hash chainhash.Hash, failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	marked, ok := t.nodes[hash]
	if !ok || marked.parent == nil || marked.failed == failed {
		return
	}
	marked.failed = failed
	// Children come after their parents in the order of arrival.
	order := make([]*node, len(t.nodes))
	for _, n := range t.nodes {
		order[n.seq] = n
	}
	best := order[0]
	for _, n := range order[1:] {
		n.bad = n.failed || n.parent.bad
		if !n.bad && n.better(best) {
			best = n
		}
	}
	t.follow(best)
}

// Len returns the number of headers, genesis included.
func (t *Tree) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.nodes)
}

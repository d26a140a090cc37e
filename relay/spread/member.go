package spread

import (
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// timer says when everything from a place in the row on is announced.
type timer struct {
	due  time.Duration
	draw uint64 // timers that are due together fire in the order they were armed; 0 = not armed
	next uint64 // the first position whose turn has not come; none if not armed
}

func (t *timer) armed() bool { return t.draw != 0 }

// passed says whether the turn of a position has come.
func (t *timer) passed(pos uint64) bool { return !t.armed() || pos < t.next }

// member is a peer.
type member struct {
	id    peer.ID
	since uint64 // position of the first transaction added after it joined
	known *knowledge
}

// wants says whether to announce the transaction at a position to the peer.
func (m *member) wants(pos uint64) bool {
	return pos >= m.since && (m.known == nil || !m.known.has(pos))
}

// wantsAll says whether to announce everything from next on to the peer. With a
// hundred silent spies that saves copying the queue a hundred times.
func (m *member) wantsAll(next uint64) bool {
	if m.since > next {
		return false
	}
	if m.known == nil {
		return true
	}
	m.known.trim(next)
	return !slices.ContainsFunc(m.known.words, func(w uint64) bool { return w != 0 })
}

// knowledge returns what the peer knows, for writing.
func (m *member) knowledge() *knowledge {
	if m.known == nil {
		m.known = new(knowledge)
	}
	return m.known
}

// knowledge is what one peer is known to have: of the transactions that wait, a
// bit each, and of those not added yet, their keys in two generations.
type knowledge struct {
	base         uint64 // position of the lowest bit
	words        []uint64
	fresh, stale generation
}

// mark notes that the peer knows the transaction at pos. Nothing before next
// waits any more.
func (k *knowledge) mark(pos, next uint64) {
	k.trim(next)
	word := int((pos - k.base) / 64)
	for len(k.words) <= word {
		k.words = append(k.words, 0)
	}
	k.words[word] |= 1 << (pos % 64)
}

// has says whether pos, which is not below the last trim, was marked.
func (k *knowledge) has(pos uint64) bool {
	if pos < k.base {
		return false
	}
	word := (pos - k.base) / 64
	return word < uint64(len(k.words)) && k.words[word]&(1<<(pos%64)) != 0
}

// trim forgets the marks of what does not wait any more.
func (k *knowledge) trim(next uint64) {
	old := min((next-k.base)/64, uint64(len(k.words)))
	k.words = slices.Delete(k.words, 0, int(old))
	k.base = next &^ 63
	if len(k.words) > 0 {
		k.words[0] &^= 1<<(next%64) - 1
	}
}

// expect notes that the peer knows what may be added later.
func (k *knowledge) expect(tx uint64) {
	if k.expects(tx) {
		return
	}
	if k.fresh.len() >= knownTxs {
		k.fresh, k.stale = generation{}, k.fresh
	}
	k.fresh.add(tx)
}

func (k *knowledge) expects(tx uint64) bool {
	return k.fresh.has(tx) || k.stale.has(tx)
}

// met forgets a transaction that was expected, and says whether it was.
func (k *knowledge) met(tx uint64) bool {
	if !k.expects(tx) {
		return false
	}
	k.fresh.remove(tx)
	k.stale.remove(tx)
	return true
}

// generation is a set of keys. A peer is seldom ahead of us by more than a few
// transactions, and those are found sooner in a list than in a map.
type generation struct {
	few  []uint64            // fewKeys at most
	many map[uint64]struct{} // the others
}

// fewKeys fill two cache lines.
const fewKeys = 16

func (g *generation) len() int { return len(g.few) + len(g.many) }

func (g *generation) has(key uint64) bool {
	if slices.Contains(g.few, key) {
		return true
	}
	_, ok := g.many[key]
	return ok
}

// add takes a key that is not in the set.
func (g *generation) add(key uint64) {
	if len(g.few) < fewKeys {
		g.few = append(g.few, key)
		return
	}
	if g.many == nil {
		g.many = make(map[uint64]struct{})
	}
	g.many[key] = struct{}{}
}

func (g *generation) remove(key uint64) {
	if i := slices.Index(g.few, key); i >= 0 {
		last := len(g.few) - 1
		g.few[i] = g.few[last]
		g.few = g.few[:last]
		return
	}
	delete(g.many, key)
}

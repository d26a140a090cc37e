package spread

import (
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// row is what was added, oldest first: positions [first, end) in a ring whose
// size is a power of two.
type row struct {
	ring       []entry
	keys       []uint64 // of what is in the ring, in the same places
	first, end uint64
	index      map[uint64]uint64 // key of a transaction → its position; nil while keys are searched
}

// entry is one transaction.
type entry struct {
	tx chainhash.Hash
	at time.Duration // when it was added
}

const (
	// smallestRing is enough for a node of a simulated network: 320 bytes.
	smallestRing = 8

	// searched is the longest ring whose keys are searched from the newest on: what is
	// asked for is among the last, as a rule. The longest takes 0.2 µs, where a map
	// that is in no cache takes as much, and 17 bytes more for each transaction.
	searched = 256
)

// key makes eight bytes of a hash, at a third of the cost of a map of hashes.
// Who makes two transactions of one key, by 2³² hashes of work, has them
// confused with each other, and nobody else's.
func key(tx chainhash.Hash) uint64 {
	// One word would do, if the hashes of tests and simulations were random.
	const golden = 0x9e3779b97f4a7c15 // 2⁶⁴ over the golden ratio, as in Fibonacci hashing
	k := uint64(golden)
	for i := 0; i < len(tx); i += 8 {
		high, low := bits.Mul64(k^binary.LittleEndian.Uint64(tx[i:]), golden)
		k = high ^ low
	}
	return k
}

// entry returns what is at a position of [first, end).
func (r *row) entry(pos uint64) *entry { return &r.ring[pos&uint64(len(r.ring)-1)] }

func (r *row) len() int { return int(r.end - r.first) }

// find returns the position of a transaction.
func (r *row) find(tx chainhash.Hash) (pos uint64, ok bool) {
	k := key(tx)
	if r.index == nil {
		pos, ok = r.search(k)
	} else {
		pos, ok = r.index[k]
	}
	return pos, ok && r.entry(pos).tx == tx
}

// search returns the newest position of a key.
func (r *row) search(k uint64) (pos uint64, ok bool) {
	mask := uint64(len(r.ring) - 1)
	for pos := r.end; pos > r.first; pos-- {
		if r.keys[(pos-1)&mask] == k {
			return pos - 1, true
		}
	}
	return 0, false
}

// push puts a transaction at the end and returns its position.
func (r *row) push(tx chainhash.Hash, at time.Duration) uint64 {
	if r.len() == len(r.ring) {
		r.grow()
	}
	pos := r.end
	r.end++
	k := key(tx)
	*r.entry(pos) = entry{tx: tx, at: at}
	r.keys[pos&uint64(len(r.ring)-1)] = k
	if r.index != nil {
		r.index[k] = pos
	}
	return pos
}

func (r *row) grow() {
	size := max(smallestRing, 2*len(r.ring))
	ring, keys := make([]entry, size), make([]uint64, size)
	if size > searched && r.index == nil {
		r.index = make(map[uint64]uint64)
		for pos := r.first; pos < r.end; pos++ {
			r.index[r.keys[pos&uint64(len(r.ring)-1)]] = pos
		}
	}
	for pos := r.first; pos < r.end; pos++ {
		ring[pos&uint64(size-1)] = *r.entry(pos)
		keys[pos&uint64(size-1)] = r.keys[pos&uint64(len(r.ring)-1)]
	}
	r.ring, r.keys = ring, keys
}

// pop forgets the oldest transaction.
func (r *row) pop() {
	if r.index != nil {
		k := r.keys[r.first&uint64(len(r.ring)-1)]
		if r.index[k] == r.first { // else a newer one of the same key has it
			delete(r.index, k)
		}
	}
	r.first++
}

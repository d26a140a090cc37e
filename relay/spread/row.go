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
	first, end uint64
	index      map[uint64]uint64 // key of a transaction → its position
}

// entry is one transaction.
type entry struct {
	tx chainhash.Hash
	at time.Duration // when it was added
}

// smallestRing is enough for a node of a simulated network: 320 bytes.
const smallestRing = 8

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
	pos, ok = r.index[key(tx)]
	return pos, ok && r.entry(pos).tx == tx
}

// push puts a transaction at the end and returns its position.
func (r *row) push(tx chainhash.Hash, at time.Duration) uint64 {
	if r.len() == len(r.ring) {
		r.grow()
	}
	pos := r.end
	r.end++
	*r.entry(pos) = entry{tx: tx, at: at}
	r.index[key(tx)] = pos
	return pos
}

func (r *row) grow() {
	if r.index == nil {
		r.index = make(map[uint64]uint64)
	}
	ring := make([]entry, max(smallestRing, 2*len(r.ring)))
	for pos := r.first; pos < r.end; pos++ {
		ring[pos&uint64(len(ring)-1)] = *r.entry(pos)
	}
	r.ring = ring
}

// pop forgets the oldest transaction.
func (r *row) pop() {
	k := key(r.entry(r.first).tx)
	if r.index[k] == r.first { // else a newer one of the same key has it
		delete(r.index, k)
	}
	r.first++
}

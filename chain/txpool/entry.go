package txpool

import (
	"container/heap"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
)

// Entry is a transaction of the pool.
type Entry struct {
	Tx     *btcutil.Tx
	Fee    btcutil.Amount
	Size   int64 // virtual bytes
	Added  time.Time
	Height int32 // of the tip when it came
}

// entry is an Entry among its relatives.
type entry struct {
	Entry
	memory            int64
	order             uint64 // in which it came
	coinbase          bool   // spends one
	locked            bool   // is held back by a relative lock (BIP 68)
	parents, children []*entry
	mark              uint64 // of the last walk that came by
	// Of itself and everything that spends from it.
	familyFee  btcutil.Amount
	familySize int64
	index      int // in the heap
}

func newEntry(e Entry, order uint64, seen look) *entry {
	return &entry{
		Entry: e, order: order, memory: memoryOf(e.Tx), coinbase: seen.coinbase, locked: seen.locked,
		familyFee: e.Fee, familySize: e.Size,
	}
}

func (e *entry) hash() chainhash.Hash { return *e.Tx.Hash() }

// score is what evicting the entry costs, in satoshi per 1,000 virtual bytes: its
// own fee rate, or its family's if children pay for it.
func (e *entry) score() float64 {
	return 1000 * max(float64(e.Fee)/float64(e.Size), float64(e.familyFee)/float64(e.familySize))
}

// What an entry takes in memory beyond its bytes, as measured on amd64 with go 1.26
// (TestMemoryIsCounted): its places in maps and heap, btcd's descriptor and ours; and
// the decoded form of each input or output and of each item of a witness.
const (
	entryOverhead = 650
	inputOverhead = 260
	outOverhead   = 72
	itemOverhead  = 24
)

// memoryOf estimates what a transaction takes in the pool.
func memoryOf(tx *btcutil.Tx) int64 {
	m := tx.MsgTx()
	sum := entryOverhead + m.SerializeSize() + len(m.TxIn)*inputOverhead + len(m.TxOut)*outOverhead
	for _, in := range m.TxIn {
		sum += len(in.Witness) * itemOverhead
	}
	return int64(sum)
}

// virtual returns a transaction's virtual size.
func virtual(tx *btcutil.Tx) int64 { return mempool.GetTxVirtualSize(tx) }

// byScore has the entry that is worth least on top.
type byScore []*entry

var _ heap.Interface = (*byScore)(nil)

// Len implements heap.Interface.
func (s byScore) Len() int { return len(s) }

// Less implements heap.Interface: of equal ones the newer goes first.
func (s byScore) Less(i, j int) bool {
	if a, b := s[i].score(), s[j].score(); a != b {
		return a < b
	}
	return s[i].order > s[j].order
}

// Swap implements heap.Interface.
func (s byScore) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

// Push implements heap.Interface.
func (s *byScore) Push(x any) {
	e, _ := x.(*entry)
	e.index = len(*s)
	*s = append(*s, e)
}

// Pop implements heap.Interface.
func (s *byScore) Pop() any {
	old := *s
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	return e
}

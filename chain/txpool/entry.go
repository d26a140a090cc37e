package txpool

import (
	"container/heap"
	"slices"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/wire/v2"
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
	raw               []byte
	memory            int64
	parents, children []*entry
	// Of itself and everything that spends from it.
	familyFee  btcutil.Amount
	familySize int64
	index      int // in the heap
}

func newEntry(e Entry, raw []byte) *entry {
	m := e.Tx.MsgTx()
	return &entry{
		Entry: e, raw: raw,
		memory:    2*int64(len(raw)) + entryOverhead + inOutOverhead*int64(len(m.TxIn)+len(m.TxOut)),
		familyFee: e.Fee, familySize: e.Size,
	}
}

// score is what evicting the entry costs, in satoshi per 1,000 virtual bytes: its
// own fee rate, or its family's if children pay for it.
func (e *entry) score() float64 {
	return 1000 * max(float64(e.Fee)/float64(e.Size), float64(e.familyFee)/float64(e.familySize))
}

// byScore has the entry that is worth least on top.
type byScore []*entry

// Len implements heap.Interface.
func (s byScore) Len() int { return len(s) }

// Less implements heap.Interface: of equal ones the newer goes first.
func (s byScore) Less(i, j int) bool {
	if a, b := s[i].score(), s[j].score(); a != b {
		return a < b
	}
	return s[i].Added.After(s[j].Added)
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

// graph is the entries by id and by what they spend. It is not safe for
// concurrent use.
type graph struct {
	entries map[chainhash.Hash]*entry
	spends  map[wire.OutPoint]*entry
	worst   byScore
	memory  int64
	size    int64
	fee     btcutil.Amount
}

func newGraph() *graph {
	return &graph{entries: make(map[chainhash.Hash]*entry), spends: make(map[wire.OutPoint]*entry)}
}

// add enters an entry whose parents, if they are unconfirmed, are here.
func (g *graph) add(e *entry) {
	for _, p := range g.parents(e.Tx) {
		e.parents = append(e.parents, p)
		p.children = append(p.children, e)
	}
	for _, in := range e.Tx.MsgTx().TxIn {
		g.spends[in.PreviousOutPoint] = e
	}
	g.entries[*e.Tx.Hash()] = e
	g.memory += e.memory
	g.size += e.Size
	g.fee += e.Fee
	heap.Push(&g.worst, e)
	// Children may be here already, when a reorganisation brings their parent back.
	for i := range e.Tx.MsgTx().TxOut {
		if c, ok := g.spends[wire.OutPoint{Hash: *e.Tx.Hash(), Index: uint32(i)}]; ok && !slices.Contains(c.parents, e) { // outputs of one transaction
			c.parents = append(c.parents, e)
			e.children = append(e.children, c)
		}
	}
	for _, d := range descendants(e)[1:] {
		e.familyFee += d.Fee
		e.familySize += d.Size
	}
	heap.Fix(&g.worst, e.index)
	for _, a := range ancestors(e)[1:] {
		g.weigh(a)
	}
}

// weigh adds up an entry's family anew.
func (g *graph) weigh(e *entry) {
	e.familyFee, e.familySize = 0, 0
	for _, d := range descendants(e) {
		e.familyFee += d.Fee
		e.familySize += d.Size
	}
	heap.Fix(&g.worst, e.index)
}

// remove takes out one entry. Its children stay: they spend what a block has
// confirmed, or go as well.
func (g *graph) remove(e *entry) {
	above := ancestors(e)[1:]
	for _, p := range e.parents {
		p.children = without(p.children, e)
	}
	for _, c := range e.children {
		c.parents = without(c.parents, e)
	}
	for _, in := range e.Tx.MsgTx().TxIn {
		if g.spends[in.PreviousOutPoint] == e {
			delete(g.spends, in.PreviousOutPoint)
		}
	}
	delete(g.entries, *e.Tx.Hash())
	heap.Remove(&g.worst, e.index)
	g.memory -= e.memory
	g.size -= e.Size
	g.fee -= e.Fee
	for _, a := range above {
		g.weigh(a)
	}
}

// parents returns the unconfirmed transactions that one spends from.
func (g *graph) parents(tx *btcutil.Tx) []*entry {
	var all []*entry
	for _, in := range tx.MsgTx().TxIn {
		if p, ok := g.entries[in.PreviousOutPoint.Hash]; ok && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// descendants returns an entry and all that spend from it, in the order found.
func descendants(e *entry) []*entry { return reach(e, func(e *entry) []*entry { return e.children }) }

// ancestors returns an entry and all that it spends from.
func ancestors(e *entry) []*entry { return reach(e, func(e *entry) []*entry { return e.parents }) }

func reach(e *entry, next func(*entry) []*entry) []*entry {
	all := []*entry{e}
	seen := map[*entry]struct{}{e: {}}
	for i := 0; i < len(all); i++ {
		for _, n := range next(all[i]) {
			if _, ok := seen[n]; !ok {
				seen[n] = struct{}{}
				all = append(all, n)
			}
		}
	}
	return all
}

func without(all []*entry, e *entry) []*entry {
	return slices.DeleteFunc(all, func(o *entry) bool { return o == e })
}

// virtual returns a transaction's virtual size.
func virtual(tx *btcutil.Tx) int64 { return mempool.GetTxVirtualSize(tx) }

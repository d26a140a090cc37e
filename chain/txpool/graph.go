package txpool

import (
	"container/heap"
	"slices"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// graph is the entries by id and by what they spend, and the one that is worth
// least. Adding and removing cost O(log n) for an entry and each of its ancestors.
// It is not safe for concurrent use, nor are walks beside each other.
type graph struct {
	entries map[chainhash.Hash]*entry
	spends  map[wire.OutPoint]*entry
	worst   byScore
	memory  int64
	size    int64
	fee     btcutil.Amount
	walk    uint64 // number of the last
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
	g.entries[e.hash()] = e
	g.memory += e.memory
	g.size += e.Size
	g.fee += e.Fee
	heap.Push(&g.worst, e)
	if g.adopt(e) {
		g.weigh(e)
		for _, a := range g.ancestors(e)[1:] {
			g.weigh(a)
		}
		return
	}
	for _, a := range g.ancestors(e)[1:] {
		a.familyFee += e.Fee
		a.familySize += e.Size
		heap.Fix(&g.worst, a.index)
	}
}

// adopt finds children that are here already: a reorganisation brings their parent
// back.
func (g *graph) adopt(e *entry) (found bool) {
	for _, c := range g.spenders(e.Tx) {
		c.parents = append(c.parents, e)
		e.children = append(e.children, c)
		found = true
	}
	return found
}

// weigh adds up an entry's family anew.
func (g *graph) weigh(e *entry) {
	e.familyFee, e.familySize = 0, 0
	for _, d := range g.descendants(e) {
		e.familyFee += d.Fee
		e.familySize += d.Size
	}
	heap.Fix(&g.worst, e.index)
}

// remove takes out entries. Among them is all that spends from them, or their
// parents are gone: a block confirms parents first.
func (g *graph) remove(gone ...*entry) {
	for _, e := range gone {
		if len(e.parents) == 0 {
			continue
		}
		for _, a := range g.ancestors(e)[1:] {
			a.familyFee -= e.Fee
			a.familySize -= e.Size
			heap.Fix(&g.worst, a.index)
		}
	}
	for _, e := range gone {
		g.unlink(e)
	}
}

func (g *graph) unlink(e *entry) {
	same := func(o *entry) bool { return o == e }
	for _, p := range e.parents {
		p.children = slices.DeleteFunc(p.children, same)
	}
	for _, c := range e.children {
		c.parents = slices.DeleteFunc(c.parents, same)
	}
	e.parents, e.children = nil, nil
	for _, in := range e.Tx.MsgTx().TxIn {
		if g.spends[in.PreviousOutPoint] == e {
			delete(g.spends, in.PreviousOutPoint)
		}
	}
	delete(g.entries, e.hash())
	heap.Remove(&g.worst, e.index)
	g.memory -= e.memory
	g.size -= e.Size
	g.fee -= e.Fee
}

// parents returns the entries that a transaction spends from.
func (g *graph) parents(tx *btcutil.Tx) []*entry {
	var all []*entry
	g.walk++
	for _, in := range tx.MsgTx().TxIn {
		if p, ok := g.entries[in.PreviousOutPoint.Hash]; ok && g.first(p) {
			all = append(all, p)
		}
	}
	return all
}

// spenders returns the entries that spend from a transaction, here or not.
func (g *graph) spenders(tx *btcutil.Tx) []*entry {
	var all []*entry
	g.walk++
	for i := range tx.MsgTx().TxOut {
		if c, ok := g.spends[wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)}]; ok && g.first(c) { // outputs of one transaction
			all = append(all, c)
		}
	}
	return all
}

// rivals returns the entries that spend what a transaction spends, with all that
// spends from them.
func (g *graph) rivals(tx *btcutil.Tx) []*entry {
	var all []*entry
	g.walk++
	for _, in := range tx.MsgTx().TxIn {
		if e, ok := g.spends[in.PreviousOutPoint]; ok && g.first(e) {
			all = append(all, e)
		}
	}
	return g.reach(all, children)
}

// descendants returns an entry and all that spends from it, the nearest first.
func (g *graph) descendants(e *entry) []*entry { return g.from(e, children) }

// ancestors returns an entry and all that it spends from, the nearest first.
func (g *graph) ancestors(e *entry) []*entry { return g.from(e, parents) }

func children(e *entry) []*entry { return e.children }
func parents(e *entry) []*entry  { return e.parents }

func (g *graph) from(e *entry, next func(*entry) []*entry) []*entry {
	g.walk++
	e.mark = g.walk
	return g.reach([]*entry{e}, next)
}

// reach goes on with the walk that has come by all.
func (g *graph) reach(all []*entry, next func(*entry) []*entry) []*entry {
	for i := 0; i < len(all); i++ {
		for _, n := range next(all[i]) {
			if g.first(n) {
				all = append(all, n)
			}
		}
	}
	return all
}

// first says whether the walk comes by an entry for the first time.
func (g *graph) first(e *entry) bool {
	if e.mark == g.walk {
		return false
	}
	e.mark = g.walk
	return true
}

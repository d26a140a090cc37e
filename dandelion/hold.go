package dandelion

import (
	"container/heap"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Held is a transaction whose stem is not known to have ended.
type Held struct {
	Tx      chainhash.Hash
	From    peer.ID // "" = own
	Stemmed bool    // handed on at least once; never again after a restart
	Until   time.Time
}

// holding is a held transaction with what the router notes of it.
type holding struct {
	Held
	seq   uint64  // ties between equal times: the order must not be a map's
	to    peer.ID // whom it was handed to last
	again bool    // and that was the second one: there is no third
	index int     // in the queue
}

// embargoes are the held transactions, the first to end on top.
type embargoes []*holding

// Len implements heap.Interface.
func (e embargoes) Len() int { return len(e) }

// Less implements heap.Interface.
func (e embargoes) Less(i, j int) bool {
	if e[i].Until.Equal(e[j].Until) {
		return e[i].seq < e[j].seq
	}
	return e[i].Until.Before(e[j].Until)
}

// Swap implements heap.Interface.
func (e embargoes) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].index, e[j].index = i, j
}

// Push implements heap.Interface.
func (e *embargoes) Push(x any) {
	h, _ := x.(*holding)
	h.index = len(*e)
	*e = append(*e, h)
}

// Pop implements heap.Interface.
func (e *embargoes) Pop() any {
	old := *e
	h := old[len(old)-1]
	old[len(old)-1] = nil
	*e = old[:len(old)-1]
	return h
}

// hold puts a transaction under an embargo that is drawn for it alone.
func (r *Router) hold(now time.Time, tx chainhash.Hash, from peer.ID) *holding {
	embargo := time.Duration(r.rng.ExpFloat64() * float64(r.cfg.Embargo))
	return r.keep(Held{Tx: tx, From: from, Until: now.Add(embargo)})
}

func (r *Router) keep(held Held) *holding {
	r.seq++
	h := &holding{Held: held, seq: r.seq}
	if r.held == nil {
		r.held = make(map[chainhash.Hash]*holding)
	}
	r.held[held.Tx] = h
	heap.Push(&r.queue, h)
	return h
}

func (r *Router) forget(h *holding) {
	delete(r.held, h.Tx)
	heap.Remove(&r.queue, h.index)
}

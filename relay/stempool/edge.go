package stempool

import (
	"bytes"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/libp2p/go-libp2p/core/peer"
)

// maxKnown bounds the edges that are remembered for their budgets alone, 500 bytes
// each: more than a node has links. See [Pool.forgetOne].
const maxKnown = 1000

// maxChain bounds the transactions of an edge that spend one from another: each step
// costs a pass over its relatives, and the mempool would not take them together.
// Source: txpool's default, which is Bitcoin Core's.
const maxChain = 25

// edge is what came over one inbound edge.
type edge struct {
	id     peer.ID
	budget budget
	over   *mempool.TxPool // nil: nothing is held
	txs    map[chainhash.Hash]*held
	bytes  int
	gone   bool // the peer has left
}

// held is a transaction as one edge brought it.
type held struct {
	tx   *btcutil.Tx
	edge *edge
	size int // of memory
}

// conflicts says whether an edge holds another transaction that spends the same.
func (e *edge) conflicts(tx *btcutil.Tx) bool {
	if e.over == nil {
		return false
	}
	for _, in := range tx.MsgTx().TxIn {
		if e.over.CheckSpend(in.PreviousOutPoint) != nil {
			return true
		}
	}
	return false
}

// ancestors is how many of the edge's transactions one builds on; it stops counting
// at maxChain.
func (e *edge) ancestors(tx *btcutil.Tx) int {
	above := make(map[chainhash.Hash]struct{})
	for queue := []*btcutil.Tx{tx}; len(queue) > 0 && len(above) < maxChain; queue = queue[1:] {
		for _, in := range queue[0].MsgTx().TxIn {
			hash := in.PreviousOutPoint.Hash
			if _, ok := above[hash]; ok {
				continue
			}
			if parent, ok := e.txs[hash]; ok {
				above[hash] = struct{}{}
				queue = append(queue, parent.tx)
			}
		}
	}
	return len(above)
}

// edge returns an edge, which may be a new one.
func (p *Pool) edge(now time.Time, from peer.ID) *edge {
	e, ok := p.edges[from]
	if !ok {
		if len(p.edges) >= maxKnown {
			p.forgetOne()
		}
		e = &edge{id: from, budget: newBudget(p.cfg, now)}
		p.edges[from] = e
	}
	return e
}

// forgetOne makes room for a new edge: of those that hold nothing it forgets one
// whose peer is gone, or else the one that has been quiet longest.
func (p *Pool) forgetOne() {
	var quiet *edge
	for _, e := range p.edges {
		if len(e.txs) == 0 && e.id != own && (quiet == nil || e.before(quiet)) {
			quiet = e
		}
	}
	if quiet != nil {
		delete(p.edges, quiet.id)
	}
}

// before says which of two edges is forgotten first, whatever a map's order.
func (e *edge) before(other *edge) bool {
	if e.gone != other.gone {
		return e.gone
	}
	if order := e.budget.used().Compare(other.budget.used()); order != 0 {
		return order < 0
	}
	return bytes.Compare([]byte(e.id), []byte(other.id)) < 0
}

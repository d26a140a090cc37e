package stempool

import (
	"slices"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// own is the edge of the node's own transactions.
const own = peer.ID("")

// Pool holds transactions in their stem. It is not safe for concurrent use.
type Pool struct {
	cfg   Config
	base  Base
	edges map[peer.ID]*edge

	held    map[chainhash.Hash][]*held // each edge's copy, in the order in which they came
	spends  map[wire.OutPoint][]*held  // those that spend an output, in the same order
	count   int
	bytes   int // of edges, without own
	holding int // edges that hold anything, without own
}

// New returns an empty pool. The configuration must be valid.
func New(cfg Config, base Base, _ time.Time) *Pool {
	return &Pool{
		cfg: cfg, base: base, edges: make(map[peer.ID]*edge),
		held: make(map[chainhash.Hash][]*held), spends: make(map[wire.OutPoint][]*held),
	}
}

// Get returns a transaction that is held for any edge. With different witnesses the
// first to come is returned.
func (p *Pool) Get(hash chainhash.Hash) (*btcutil.Tx, bool) {
	if copies := p.held[hash]; len(copies) > 0 {
		return copies[0].tx, true
	}
	return nil, false
}

// HoldsOwn says whether a transaction is held as one of the node's own.
func (p *Pool) HoldsOwn(hash chainhash.Hash) bool {
	return slices.ContainsFunc(p.held[hash], func(h *held) bool { return h.edge.id == own })
}

// Take takes a transaction out, for every edge, on its way into the mempool. What
// spends from it stays.
func (p *Pool) Take(hash chainhash.Hash) (*btcutil.Tx, bool) {
	tx, ok := p.Get(hash)
	p.forget(hash)
	return tx, ok
}

// Drop takes a transaction out that goes nowhere any more, with what spends from it,
// and returns what went.
func (p *Pool) Drop(hash chainhash.Hash) (gone []chainhash.Hash) {
	return p.dropFamilies([]chainhash.Hash{hash})
}

// Fluffed takes out a transaction that is in the mempool or in a block now, and with
// what spends from them all that conflict with it. It returns the latter.
func (p *Pool) Fluffed(tx *btcutil.Tx) (lost []chainhash.Hash) {
	if p.count == 0 {
		return nil
	}
	p.forget(*tx.Hash())
	var rivals []chainhash.Hash
	for _, in := range tx.MsgTx().TxIn {
		for _, h := range p.spends[in.PreviousOutPoint] {
			rivals = append(rivals, *h.tx.Hash())
		}
	}
	return p.dropFamilies(rivals)
}

// Leave says that an edge's peer is gone. Its transactions stay until their stem
// ends, and what is left of its budget until others need the place.
func (p *Pool) Leave(from peer.ID) {
	if e, ok := p.edges[from]; ok {
		e.gone = true
	}
}

// Len is how many transactions are held, each edge's copy counted.
func (p *Pool) Len() int { return p.count }

// dropFamilies takes transactions out with all that spends from them, whichever
// edges brought it: it is not valid without them.
func (p *Pool) dropFamilies(hashes []chainhash.Hash) (gone []chainhash.Hash) {
	for queue := hashes; len(queue) > 0; queue = queue[1:] {
		tx, ok := p.Get(queue[0])
		if !ok {
			continue
		}
		gone = append(gone, queue[0])
		p.forget(queue[0])
		for i := range tx.MsgTx().TxOut {
			for _, child := range p.spends[wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)}] { // outputs of one transaction
				queue = append(queue, *child.tx.Hash())
			}
		}
	}
	return gone
}

// keep enters a transaction that an edge's overlay has taken.
func (p *Pool) keep(e *edge, tx *btcutil.Tx, size int) {
	h := &held{tx, e, size}
	if len(e.txs) == 0 {
		e.txs = make(map[chainhash.Hash]*held)
		p.account(e, 1, edgeOverhead)
	}
	e.txs[*tx.Hash()] = h
	p.held[*tx.Hash()] = append(p.held[*tx.Hash()], h)
	for _, in := range tx.MsgTx().TxIn {
		p.spends[in.PreviousOutPoint] = append(p.spends[in.PreviousOutPoint], h)
	}
	p.count++
	p.account(e, 0, size)
}

// forget takes all copies of a transaction out.
func (p *Pool) forget(hash chainhash.Hash) {
	for _, h := range p.held[hash] {
		e := h.edge
		for _, in := range h.tx.MsgTx().TxIn {
			out := in.PreviousOutPoint
			if rest := slices.DeleteFunc(p.spends[out], func(o *held) bool { return o == h }); len(rest) > 0 {
				p.spends[out] = rest
			} else {
				delete(p.spends, out)
			}
		}
		e.over.RemoveTransaction(h.tx, false)
		delete(e.txs, hash)
		p.count--
		p.account(e, 0, -h.size)
		if len(e.txs) == 0 { // gives back its memory
			e.over, e.txs = nil, nil
			p.account(e, -1, -edgeOverhead)
		}
	}
	delete(p.held, hash)
}

func (p *Pool) account(e *edge, holding, size int) {
	e.bytes += size
	if e.id != own {
		p.bytes += size
		p.holding += holding
	}
}

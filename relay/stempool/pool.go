package stempool

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
)

// Base is the mempool that stems stand on; *[txpool.Pool] is one.
type Base interface {
	Overlay() *mempool.TxPool
	Have(txid chainhash.Hash) bool
	Conflicts(tx *btcutil.Tx) []chainhash.Hash
	Check(now time.Time, tx *btcutil.Tx) (fee btcutil.Amount, size int64, err error)
	Explain(tx *btcutil.Tx, missing []*chainhash.Hash, err error) error
}

// Why an edge's transaction is not taken, beside the rules that it breaks.
var (
	errFull    = errors.New("the edge's part of the stempool is full")
	errBudget  = errors.New("the edge's budget is used up")
	errWeight  = errors.New("above 400,000 weight units")
	errOutbid  = errors.New("conflicts with the mempool and does not replace there")
	errMempool = errors.New("is in the mempool")
)

// maxWeight is the largest standard transaction. Source: Bitcoin Core's
// MAX_STANDARD_TX_WEIGHT.
const maxWeight = 400_000

// own is the edge of the node's own transactions.
const own = peer.ID("")

// Pool holds transactions in their stem. It is not safe for concurrent use.
type Pool struct {
	cfg    Config
	base   Base
	checks bucket
	edges  map[peer.ID]*edge
	count  int
	bytes  int
}

// New returns an empty pool.
func New(cfg Config, base Base, now time.Time) *Pool {
	return &Pool{cfg: cfg, base: base, checks: newBucket(cfg.TotalChecks, now), edges: make(map[peer.ID]*edge)}
}

// Add takes a transaction that came over an edge, "" for an own one; one that is
// held for that edge already is taken again. An error is a *[txpool.RejectError]. It
// must not show on the wire, unless its reason is InvalidTx.
func (p *Pool) Add(now time.Time, tx *btcutil.Tx, from peer.ID) error {
	e := p.edge(now, from)
	size := tx.MsgTx().SerializeSize()
	if from != own && !e.budget.spend(now, &p.checks, size, checks(tx)) {
		return refuse(tx, events.StemBudget, errBudget)
	}
	return p.add(now, tx, e, size)
}

// Restore is Add for what was held before a restart: it has been paid for.
func (p *Pool) Restore(now time.Time, tx *btcutil.Tx, from peer.ID) error {
	return p.add(now, tx, p.edge(now, from), tx.MsgTx().SerializeSize())
}

func (p *Pool) edge(now time.Time, from peer.ID) *edge {
	e, ok := p.edges[from]
	if !ok {
		e = &edge{budget: newBudget(p.cfg, now), txs: make(map[chainhash.Hash]*btcutil.Tx)}
		p.edges[from] = e
	}
	e.gone = false
	return e
}

func (p *Pool) add(now time.Time, tx *btcutil.Tx, e *edge, size int) error {
	hash := *tx.Hash()
	if _, ok := e.txs[hash]; ok {
		return nil
	}
	switch {
	case blockchain.GetTransactionWeight(tx) > maxWeight:
		return refuse(tx, events.OversizeTx, errWeight)
	case len(e.txs) >= p.cfg.MaxCount || e.bytes+size > p.cfg.MaxBytes, p.count >= p.cfg.TotalCount || p.bytes+size > p.cfg.TotalBytes:
		return refuse(tx, events.StemFull, errFull)
	case p.base.Have(hash):
		return refuse(tx, events.KnownTx, errMempool)
	}
	if len(p.base.Conflicts(tx)) > 0 {
		// Whether it replaces depends on all that it spends being in the mempool, which
		// is what replacement is about.
		if _, _, err := p.base.Check(now, tx); err != nil {
			return refuse(tx, events.ConflictTx, errors.Join(errOutbid, err))
		}
	}
	if e.over == nil {
		e.over = p.base.Overlay()
	}
	missing, _, err := e.over.MaybeAcceptTransaction(tx, true, false)
	if err := p.base.Explain(tx, missing, err); err != nil {
		p.tidy(e)
		return err
	}
	e.txs[hash] = tx
	e.bytes += size
	p.count++
	p.bytes += size
	p.dropReplaced(e)
	return nil
}

// dropReplaced follows btcd, which has dropped what a transaction replaces.
func (p *Pool) dropReplaced(e *edge) {
	if e.over.Count() == len(e.txs) {
		return
	}
	for hash, tx := range e.txs {
		if !e.over.IsTransactionInPool(&hash) {
			p.count--
			p.bytes -= tx.MsgTx().SerializeSize()
			e.bytes -= tx.MsgTx().SerializeSize()
			delete(e.txs, hash)
		}
	}
}

// Get returns a transaction that is held for any edge.
func (p *Pool) Get(hash chainhash.Hash) (*btcutil.Tx, bool) {
	for _, e := range p.edges {
		if tx, ok := e.txs[hash]; ok {
			return tx, true
		}
	}
	return nil, false
}

// HoldsOwn says whether a transaction is held as one of the node's own.
func (p *Pool) HoldsOwn(hash chainhash.Hash) bool {
	e, ok := p.edges[own]
	if !ok {
		return false
	}
	_, ok = e.txs[hash]
	return ok
}

// Take takes a transaction out, for every edge. What spends from it stays.
func (p *Pool) Take(hash chainhash.Hash) (*btcutil.Tx, bool) {
	tx, ok := p.Get(hash)
	if !ok {
		return nil, false
	}
	for _, from := range p.sorted() {
		p.drop(p.edges[from], tx, false)
	}
	return tx, true
}

// Drop takes a transaction out with what spends from it, and returns what went.
func (p *Pool) Drop(hash chainhash.Hash) (gone []chainhash.Hash) {
	tx, ok := p.Get(hash)
	if !ok {
		return nil
	}
	for _, from := range p.sorted() {
		gone = append(gone, p.drop(p.edges[from], tx, true)...)
	}
	return unique(gone)
}

// Fluffed takes out a transaction that is in the mempool or in a block now, and with
// what spends from them all that conflict with it. It returns the latter.
func (p *Pool) Fluffed(tx *btcutil.Tx) (lost []chainhash.Hash) {
	for _, from := range p.sorted() {
		e := p.edges[from]
		if e.over == nil {
			continue
		}
		p.drop(e, tx, false)
		for _, in := range tx.MsgTx().TxIn {
			if e.over == nil {
				break
			}
			if other := e.over.CheckSpend(in.PreviousOutPoint); other != nil {
				lost = append(lost, p.drop(e, other, true)...)
			}
		}
	}
	return unique(lost)
}

// Leave says that an edge's peer is gone. Its transactions stay until their stem
// ends.
func (p *Pool) Leave(from peer.ID) {
	if e, ok := p.edges[from]; ok {
		e.gone = true
		p.tidy(e)
	}
}

// Len is how many transactions are held, each edge's copy counted.
func (p *Pool) Len() int { return p.count }

func (p *Pool) drop(e *edge, tx *btcutil.Tx, family bool) []chainhash.Hash {
	before := e.bytes
	gone := e.drop(tx, family)
	p.count -= len(gone)
	p.bytes -= before - e.bytes
	p.tidy(e)
	return gone
}

// tidy gives back the memory of an edge that holds nothing.
func (p *Pool) tidy(e *edge) {
	if len(e.txs) > 0 {
		return
	}
	e.over = nil
	if !e.gone {
		return
	}
	for from, other := range p.edges {
		if other == e {
			delete(p.edges, from)
		}
	}
}

func (p *Pool) sorted() []peer.ID {
	all := make([]peer.ID, 0, len(p.edges))
	for from := range p.edges {
		all = append(all, from)
	}
	slices.Sort(all)
	return all
}

func unique(all []chainhash.Hash) []chainhash.Hash {
	slices.SortFunc(all, func(a, b chainhash.Hash) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(all)
}

// checks estimates the signatures that validating a transaction verifies, before it
// is looked up what it spends: each input one, or as many as its scripts name.
func checks(tx *btcutil.Tx) int {
	n := blockchain.CountSigOps(tx)
	for _, in := range tx.MsgTx().TxIn {
		n += max(1, len(in.Witness)-1)
	}
	return n
}

func refuse(tx *btcutil.Tx, r events.Reason, err error) error {
	return &txpool.RejectError{Tx: *tx.Hash(), Reason: r, Err: err}
}

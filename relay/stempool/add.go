package stempool

import (
	"errors"
	"fmt"
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
	Contents
	Rules
}

// Contents is what is in the mempool.
type Contents interface {
	Have(txid chainhash.Hash) bool
	Conflicts(tx *btcutil.Tx) []chainhash.Hash
}

// Rules is what the mempool takes.
type Rules interface {
	Overlay() *mempool.TxPool
	Check(now time.Time, tx *btcutil.Tx) (fee btcutil.Amount, size int64, err error)
	Explain(tx *btcutil.Tx, missing []*chainhash.Hash, err error) error
	MinFee(now time.Time) btcutil.Amount
}

// Why an edge's transaction is not taken, beside the rules that it breaks.
var (
	errFull    = errors.New("the edge's part of the stempool is full")
	errBudget  = errors.New("the edge's budget is used up")
	errRival   = errors.New("conflicts with an earlier one in its stem")
	errOutbid  = errors.New("conflicts with the mempool and does not replace there")
	errMempool = errors.New("is in the mempool")
)

// maxWeight is the largest standard transaction. Source: Bitcoin Core's
// MAX_STANDARD_TX_WEIGHT.
const maxWeight = 400_000

// Add takes a transaction that came over an edge, "" for an own one; one that is
// held for that edge already is taken again. An error is a *[txpool.RejectError]. It
// must not show on the wire, unless its reason is InvalidTx.
func (p *Pool) Add(now time.Time, tx *btcutil.Tx, from peer.ID) error {
	e := p.edge(now, from)
	e.gone = false
	cost := checks(tx)
	if from != own && !e.budget.spend(now, tx.MsgTx().SerializeSize(), cost) {
		return refuse(tx, events.StemBudget, errBudget)
	}
	err := p.add(now, tx, e)
	if from != own && brokeScript(err) {
		e.budget.owe(cost) // finding out by which rules took a second look
	}
	return err
}

// Restore is Add for what was held before a restart: it has been paid for, and its
// peer is not here yet.
func (p *Pool) Restore(now time.Time, tx *btcutil.Tx, from peer.ID) error {
	_, known := p.edges[from]
	e := p.edge(now, from)
	e.gone = e.gone || !known
	return p.add(now, tx, e)
}

func (p *Pool) add(now time.Time, tx *btcutil.Tx, e *edge) error {
	hash, size := *tx.Hash(), memory(tx)
	if _, ok := e.txs[hash]; ok {
		return nil
	}
	switch {
	case len(tx.MsgTx().TxIn) > 0 && blockchain.IsCoinBase(tx):
		return refuse(tx, events.InvalidTx, txpool.ErrCoinbase)
	case blockchain.GetTransactionWeight(tx) > maxWeight:
		return refuse(tx, events.OversizeTx, txpool.ErrWeight)
	case !p.hasRoom(e, size):
		return refuse(tx, events.StemFull, errFull)
	case p.base.Have(hash):
		return refuse(tx, events.KnownTx, errMempool)
	case e.conflicts(tx): // also if it pays more: to replace in secret is to send conflicting halves
		return refuse(tx, events.ConflictTx, errRival)
	case e.ancestors(tx) >= maxChain:
		return refuse(tx, events.NonstandardTx, txpool.ErrChain)
	}
	if len(p.base.Conflicts(tx)) > 0 {
		// A replacement may spend no more of the unconfirmed than what it replaces does
		// (BIP 125, rule 2), so the mempool alone can tell.
		switch _, _, err := p.base.Check(now, tx); {
		case reasonOf(err) == events.InvalidTx:
			return err
		case err != nil && e.id == own:
			return refuse(tx, events.ConflictTx, fmt.Errorf("%w: %w", errOutbid, err))
		case err != nil:
			// Which of several rivals btcd names is chance: that is for the operator.
			return refuse(tx, events.ConflictTx, fmt.Errorf("%w: %s", errOutbid, reasonOf(err)))
		}
	}
	return p.accept(now, tx, e, size)
}

// hasRoom says whether an edge may hold so many bytes more. See [Config] for what
// others have to do with it.
func (p *Pool) hasRoom(e *edge, size int) bool {
	holding := p.holding
	if len(e.txs) == 0 {
		size += edgeOverhead
		holding++
	}
	switch {
	case len(e.txs) >= p.cfg.MaxCount || e.bytes+size > p.cfg.MaxBytes:
		return false
	case e.id == own || p.bytes+size <= p.cfg.TotalBytes:
		return true
	}
	return e.bytes+size <= p.cfg.Share && holding <= p.cfg.MaxEdges
}

// accept has btcd validate a transaction on the edge's overlay.
func (p *Pool) accept(now time.Time, tx *btcutil.Tx, e *edge, size int) error {
	over := e.over
	if over == nil {
		over = p.base.Overlay()
	}
	missing, desc, err := over.MaybeAcceptTransaction(tx, true, false)
	if err := p.base.Explain(tx, missing, err); err != nil {
		if brokeScript(err) && e.ancestors(tx) > 0 {
			// Whether consensus forbids it or only policy, the mempool cannot tell
			// without what it spends.
			return refuse(tx, events.NonstandardTx, err)
		}
		return err
	}
	virtual := mempool.GetTxVirtualSize(tx)
	if need := int64(p.base.MinFee(now)) * virtual / 1000; desc.Fee < need {
		over.RemoveTransaction(tx, false)
		return refuse(tx, events.LowFeeTx, fmt.Errorf("%w: %d < %d satoshi", txpool.ErrMinFee, desc.Fee, need))
	}
	e.over = over
	p.keep(e, tx, size)
	return nil
}

func refuse(tx *btcutil.Tx, r events.Reason, err error) error {
	return &txpool.RejectError{Tx: *tx.Hash(), Reason: r, Err: err}
}

func reasonOf(err error) events.Reason {
	if refused, ok := errors.AsType[*txpool.RejectError](err); ok {
		return refused.Reason
	}
	return ""
}

// brokeScript says whether scripts were run and failed.
func brokeScript(err error) bool {
	rule, ok := errors.AsType[mempool.RuleError](err)
	if !ok {
		return false
	}
	consensus, ok := errors.AsType[blockchain.RuleError](rule.Err)
	return ok && (consensus.ErrorCode == blockchain.ErrScriptMalformed || consensus.ErrorCode == blockchain.ErrScriptValidation)
}

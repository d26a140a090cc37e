package txpool

import (
	"slices"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/events"
)

// way is how a transaction comes into the pool.
type way struct {
	now    time.Time
	own    bool // the operator wants to know why, even if it has been refused before
	again  bool // it was here before: no fee is asked but the least relayed
	added  time.Time
	height int32 // of its entry; that of the tip unless again
}

// Submit validates a transaction and takes it, with orphans that have waited for what
// came before: what was taken is returned, the transaction first if it was. An error
// is a *[RejectError]; with OrphanTx the transaction is kept until its parents come.
// from names the sender, "" the operator.
//
// It waits for other transactions, and for the block that is being validated, if
// there is one: only the chain knows the outputs, and does not tell meanwhile. What
// is known, mined or rejected lately is refused without waiting.
func (p *Pool) Submit(now time.Time, tx *btcutil.Tx, from string) ([]*btcutil.Tx, error) {
	w := way{now: now, own: from == ""}
	if err := p.familiar(tx, w); err != nil {
		return nil, err
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	refused := p.accept(tx, w)
	if refused == nil {
		return append([]*btcutil.Tx{tx}, p.bringHome(now)...), nil
	}
	if refused.Reason == events.OrphanTx && !p.hopeless(refused.Missing) {
		p.orphans.expire(now)
		p.orphans.add(now, tx, refused.Missing, from)
	}
	return p.bringHome(now), refused
}

// familiar refuses what needs no validation.
func (p *Pool) familiar(tx *btcutil.Tx, w way) *RejectError {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if _, ok := p.graph.entries[*tx.Hash()]; ok {
		return rejection(tx, events.KnownTx, ErrKnown)
	}
	if w.again {
		return nil
	}
	if _, ok := p.mined.find(*tx.Hash()); ok {
		return rejection(tx, events.MinedTx, ErrMined)
	}
	if why, ok := p.rejects.find(*tx.WitnessHash()); ok && !w.own {
		return rejection(tx, why, ErrRejected)
	}
	return nil
}

// Rejected says whether a transaction was rejected since the last block for what will
// not change before the next. It is known by its id with witnesses.
func (p *Pool) Rejected(wtxid chainhash.Hash) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	_, ok := p.rejects.find(wtxid)
	return ok
}

// hopeless says whether a parent is known to be no good. Parents are known by their
// ids without witnesses, so only for those that have none the memory can tell.
func (p *Pool) hopeless(parents []chainhash.Hash) bool {
	return slices.ContainsFunc(parents, p.Rejected)
}

// accept validates a transaction and enters it, under writing.
func (p *Pool) accept(tx *btcutil.Tx, w way) *RejectError {
	if err := p.familiar(tx, w); err != nil {
		return err
	}
	if err := p.enter(tx, w); err != nil {
		switch err.Reason { //nolint:exhaustive // all others may be taken another time
		case events.InvalidTx, events.NonstandardTx, events.OversizeTx, events.LowFeeTx:
			p.mu.Lock()
			p.rejects.note(*tx.WitnessHash(), err.Reason)
			p.mu.Unlock()
		}
		return err
	}
	p.orphans.drop(*tx.WitnessHash())
	p.orphans.arrived(*tx.Hash())
	return nil
}

// What one message, or block, may cost in orphans that it brings home: so many
// validations, as a chain may be long, and none after so many weight units, which
// are some 1,500 inputs and 100 ms. The rest waits for the next message.
const (
	maxHome       = 25
	maxHomeWeight = 100_000
)

// bringHome takes orphans whose parents have come, one of each sender in turn.
func (p *Pool) bringHome(now time.Time) (taken []*btcutil.Tx) {
	for work, weight := 0, 0; work < maxHome && weight < maxHomeWeight; work++ {
		n := p.orphans.next()
		if n == nil {
			break
		}
		weight += n.weight
		switch err := p.accept(n.tx, way{now: now}); {
		case err == nil:
			taken = append(taken, n.tx)
		case err.Reason == events.OrphanTx && !p.hopeless(err.Missing):
			p.orphans.await(n, err.Missing)
		default:
			p.orphans.drop(*n.tx.WitnessHash())
		}
	}
	return taken
}

// Adopt takes orphans that have waited for transactions of a block. Call it when the
// block is the tip, and not while it is being connected. It returns what it took.
func (p *Pool) Adopt(now time.Time, b *btcutil.Block) []*btcutil.Tx {
	p.writing.Lock()
	defer p.writing.Unlock()
	for _, tx := range b.Transactions() {
		p.orphans.arrived(*tx.Hash())
	}
	return p.bringHome(now)
}

// Check says what a transaction would pay and take, or why it would not be taken.
// Nothing changes.
func (p *Pool) Check(now time.Time, tx *btcutil.Tx) (fee btcutil.Amount, size int64, err error) {
	p.writing.Lock()
	defer p.writing.Unlock()
	w := way{now: now, own: true}
	if err := p.familiar(tx, w); err != nil {
		return 0, 0, err
	}
	if err := p.precheck(tx, w); err != nil {
		return 0, 0, err
	}
	result, err := p.btc.CheckMempoolAcceptance(tx)
	if err != nil {
		return 0, 0, p.classify(tx, err)
	}
	if len(result.MissingParents) > 0 {
		return 0, 0, p.lacks(tx, result.MissingParents)
	}
	return result.TxFee, result.TxSize, nil
}

package txpool

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/mining"

	"github.com/pappus-network/pappus/events"
)

// Pool is a mempool. It is safe for concurrent use.
type Pool struct {
	cfg  Config
	base mempool.Config
	btc  *mempool.TxPool // validates; holds the same transactions as graph

	// writing is held while one transaction is validated, or a block confirmed.
	writing   sync.Mutex
	orphans   *orphanage
	rejects   rejects
	returning []*btcutil.Tx // of blocks that left the main chain, in the chain's order
	returned  int64         // bytes of them

	// mu guards what is read without waiting for a validation.
	mu          sync.RWMutex
	graph       *graph
	floor       feeFloor
	subscribers []func(Change)
}

// Why an entry came or went.
type Why string

// The reasons there are.
const (
	Accepted  Why = "accepted"
	Confirmed Why = "confirmed"
	Replaced  Why = "replaced" // by one that pays more
	Evicted   Why = "evicted"  // the pool is full of others that pay more
	Expired   Why = "expired"
	Conflict  Why = "conflict" // a block spends what it spends
)

// Change is an entry that came or went.
type Change struct {
	Tx  *btcutil.Tx
	Why Why
}

// New returns an empty pool that validates with what base knows of the chain. The
// minimum fee and the limits on orphans of base are not used.
func New(cfg Config, base mempool.Config) *Pool {
	base.Policy.MinRelayTxFee = cfg.MinRelayFee
	base.Policy.MaxOrphanTxs = 0
	return &Pool{
		cfg: cfg, base: base, btc: mempool.New(&base),
		orphans: newOrphanage(cfg), rejects: rejects{most: cfg.Rejects}, graph: newGraph(),
	}
}

// Source is what mining chooses from.
func (p *Pool) Source() mining.TxSource { return p.btc }

// Subscribe has f called with every change. It must not block, nor call the pool.
func (p *Pool) Subscribe(f func(Change)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subscribers = append(p.subscribers, f)
}

func (p *Pool) tell(changes []Change) {
	p.mu.RLock()
	subscribers := p.subscribers
	p.mu.RUnlock()
	for _, c := range changes {
		for _, f := range subscribers {
			f(c)
		}
	}
}

// Submit validates a transaction and takes it, with the orphans that it brings
// home: what was taken is returned, the transaction first. An error is a
// *[RejectError]; with OrphanTx the transaction is kept until its parents come.
// from names the sender, "" the operator. Submit waits for the block that is being
// connected, if there is one.
func (p *Pool) Submit(now time.Time, tx *btcutil.Tx, from string) ([]*btcutil.Tx, error) {
	p.writing.Lock()
	defer p.writing.Unlock()
	if err := p.accept(now, tx, nil); err != nil {
		if err.Reason == events.OrphanTx {
			p.orphans.expire(now)
			p.orphans.add(now, tx, from)
		}
		return nil, err
	}
	p.orphans.drop(*tx.Hash())
	return p.bringHome(now, []*btcutil.Tx{tx}), nil
}

// maxHome bounds what one transaction can bring home, each a validation: as many
// as a chain may be long.
const maxHome = 25

// bringHome takes the orphans that have waited for what was taken, and returns all.
func (p *Pool) bringHome(now time.Time, taken []*btcutil.Tx) []*btcutil.Tx {
	work := 0
	for i := 0; i < len(taken); i++ {
		for _, o := range p.orphans.children(*taken[i].Hash()) {
			if work++; work > maxHome {
				p.orphans.add(o.added, o.tx, o.from) // for the next transaction, or never
				continue
			}
			switch err := p.accept(now, o.tx, nil); {
			case err == nil:
				taken = append(taken, o.tx)
			case err.Reason == events.OrphanTx:
				p.orphans.add(o.added, o.tx, o.from)
			}
		}
	}
	return taken
}

// accept validates a transaction and enters it, under writing. old is the entry as
// it was before a restart, or nil.
func (p *Pool) accept(now time.Time, tx *btcutil.Tx, old *Entry) *RejectError {
	hash, wtxid := *tx.Hash(), *tx.WitnessHash()
	reject := func(r events.Reason, err error) *RejectError { return &RejectError{Tx: hash, Reason: r, Err: err} }
	if p.Have(hash) {
		return reject(events.KnownTx, ErrKnown)
	}
	if why, ok := p.rejects.find(wtxid); ok {
		return reject(why, ErrRejected)
	}
	err := p.enter(now, tx, old)
	if err == nil {
		return nil
	}
	switch err.Reason { //nolint:exhaustive // all others may be taken another time
	case events.InvalidTx, events.NonstandardTx, events.OversizeTx, events.LowFeeTx:
		p.rejects.add(wtxid, err.Reason)
	}
	return err
}

// enter has btcd validate a transaction, and puts it among its relatives.
func (p *Pool) enter(now time.Time, tx *btcutil.Tx, old *Entry) *RejectError {
	if err := p.precheck(now, tx); err != nil {
		return err
	}
	var raw bytes.Buffer
	raw.Grow(tx.MsgTx().SerializeSize())
	if err := tx.MsgTx().Serialize(&raw); err != nil {
		return p.classify(tx, err)
	}
	missing, desc, err := p.btc.MaybeAcceptTransaction(tx, old == nil, false)
	if err != nil {
		return p.classify(tx, err)
	}
	if len(missing) > 0 {
		return missingError(tx, missing)
	}
	e := Entry{Tx: tx, Fee: btcutil.Amount(desc.Fee), Size: virtual(tx), Added: now, Height: desc.Height}
	if old != nil {
		e.Added, e.Height = old.Added, old.Height
	}
	changes := append(p.replace(tx), Change{tx, Accepted})
	p.mu.Lock()
	p.graph.add(newEntry(e, raw.Bytes()))
	evicted := p.trim()
	p.mu.Unlock()
	for _, c := range evicted {
		p.btc.RemoveTransaction(c.Tx, false)
	}
	changes = append(changes, evicted...)
	if mine := func(c Change) bool { return c.Tx == tx }; slices.ContainsFunc(evicted, mine) {
		p.tell(slices.DeleteFunc(changes, mine)) // nobody has known of it
		return &RejectError{Tx: *tx.Hash(), Reason: events.LowFeeTx, Err: ErrFull}
	}
	p.tell(changes)
	return nil
}

// precheck applies the rules that btcd lacks, cheap ones first.
func (p *Pool) precheck(now time.Time, tx *btcutil.Tx) *RejectError {
	reject := func(r events.Reason, err error) *RejectError {
		return &RejectError{Tx: *tx.Hash(), Reason: r, Err: err}
	}
	if len(tx.MsgTx().TxIn) > 0 && blockchain.IsCoinBase(tx) {
		return reject(events.InvalidTx, ErrCoinbase)
	}
	if blockchain.GetTransactionWeight(tx) > maxWeight {
		return reject(events.OversizeTx, ErrWeight)
	}
	if err := p.checkChain(tx); err != nil {
		return reject(events.NonstandardTx, err)
	}
	least := p.MinFee(now)
	if least <= p.cfg.MinRelayFee {
		return nil // btcd's own rule
	}
	result, err := p.btc.CheckMempoolAcceptance(tx)
	if err != nil {
		return p.classify(tx, err)
	}
	if len(result.MissingParents) > 0 {
		return missingError(tx, result.MissingParents)
	}
	if need := least * btcutil.Amount(result.TxSize) / 1000; result.TxFee < need {
		return reject(events.LowFeeTx, fmt.Errorf("%w: %d < %d satoshi", ErrMinFee, result.TxFee, need))
	}
	return nil
}

func missingError(tx *btcutil.Tx, missing []*chainhash.Hash) *RejectError {
	e := &RejectError{Tx: *tx.Hash(), Reason: events.OrphanTx, Err: ErrMissing}
	for _, h := range missing {
		if !slices.Contains(e.Missing, *h) {
			e.Missing = append(e.Missing, *h)
		}
	}
	return e
}

// checkChain refuses a transaction that would make a chain of unconfirmed ones too
// long: each step costs a pass over its relatives.
func (p *Pool) checkChain(tx *btcutil.Tx) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	above := make(map[*entry]struct{})
	for _, parent := range p.graph.parents(tx) {
		for _, a := range ancestors(parent) {
			above[a] = struct{}{}
		}
	}
	if len(above)+1 > p.cfg.MaxChain {
		return fmt.Errorf("%w: %d unconfirmed ancestors, the limit is %d", ErrChain, len(above), p.cfg.MaxChain-1)
	}
	for a := range above {
		if n := len(descendants(a)); n+1 > p.cfg.MaxChain {
			return fmt.Errorf("%w: an ancestor has %d descendants, the limit is %d", ErrChain, n-1, p.cfg.MaxChain-1)
		}
	}
	return nil
}

// replace takes out what btcd has taken out for a transaction that pays more.
func (p *Pool) replace(tx *btcutil.Tx) []Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	var changes []Change
	for _, in := range tx.MsgTx().TxIn {
		e, ok := p.graph.spends[in.PreviousOutPoint]
		if !ok {
			continue
		}
		for _, d := range descendants(e) {
			p.graph.remove(d)
			changes = append(changes, Change{d.Tx, Replaced})
		}
	}
	return changes
}

// trim evicts what is worth least until the rest fits, under mu.
func (p *Pool) trim() []Change {
	var changes []Change
	for p.graph.memory > p.cfg.MaxBytes {
		worst := p.graph.worst[0]
		p.floor.raise(1000*float64(worst.familyFee)/float64(worst.familySize) + float64(p.cfg.IncrementalFee))
		for _, d := range descendants(worst) {
			p.graph.remove(d)
			changes = append(changes, Change{d.Tx, Evicted})
		}
	}
	return changes
}

// MinFee is the least fee rate that is taken now, in satoshi per 1,000 virtual bytes.
func (p *Pool) MinFee(now time.Time) btcutil.Amount {
	p.mu.Lock()
	defer p.mu.Unlock()
	full := float64(p.graph.memory) / float64(p.cfg.MaxBytes)
	return max(p.cfg.MinRelayFee, p.floor.minimum(now, full, p.cfg.IncrementalFee))
}

// Check says what a transaction would pay and take, or why it would not be taken.
// Nothing changes.
func (p *Pool) Check(now time.Time, tx *btcutil.Tx) (fee btcutil.Amount, size int64, err error) {
	p.writing.Lock()
	defer p.writing.Unlock()
	if p.Have(*tx.Hash()) {
		return 0, 0, &RejectError{Tx: *tx.Hash(), Reason: events.KnownTx, Err: ErrKnown}
	}
	if err := p.precheck(now, tx); err != nil {
		return 0, 0, err
	}
	result, err := p.btc.CheckMempoolAcceptance(tx)
	if err != nil {
		return 0, 0, p.classify(tx, err)
	}
	if len(result.MissingParents) > 0 {
		return 0, 0, missingError(tx, result.MissingParents)
	}
	return result.TxFee, result.TxSize, nil
}

// Leave forgets a sender's orphans.
func (p *Pool) Leave(from string) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.orphans.leave(from)
}

// Expire takes out what has waited too long, with all that spends from it.
func (p *Pool) Expire(now time.Time) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.orphans.expire(now)
	p.mu.Lock()
	var changes []Change
	for _, e := range p.graph.entries {
		if now.Sub(e.Added) < p.cfg.Expiry {
			continue
		}
		for _, d := range descendants(e) {
			if _, here := p.graph.entries[*d.Tx.Hash()]; here {
				p.graph.remove(d)
				changes = append(changes, Change{d.Tx, Expired})
			}
		}
	}
	p.mu.Unlock()
	for _, c := range changes {
		p.btc.RemoveTransaction(c.Tx, false)
	}
	p.tell(changes)
}

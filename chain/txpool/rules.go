package txpool

import (
	"fmt"
	"slices"
	"sync"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

// look is what a validation asks for and what it learns on the way.
type look struct {
	least            btcutil.Amount // fee rate, satoshi per 1,000 virtual bytes
	coinbase, locked bool           // see entry
}

// validator returns a pool of btcd's that fetches outputs by fetch and looks at each
// transaction between the checks of its inputs and the costly ones of its scripts.
func (p *Pool) validator(fetch func(*btcutil.Tx) (*blockchain.UtxoViewpoint, error), at *look) *mempool.TxPool {
	cfg := p.base
	// btcd's cache of hashes to sign never forgets what no block confirms. Its own one
	// can be emptied of each transaction when the next comes.
	var (
		mu     sync.Mutex
		last   chainhash.Hash
		hashes = txscript.NewHashCache(1)
	)
	cfg.HashCache = hashes
	cfg.FetchUtxoView = fetch
	cfg.CalcSequenceLock = func(tx *btcutil.Tx, view *blockchain.UtxoViewpoint) (*blockchain.SequenceLock, error) {
		mu.Lock()
		defer mu.Unlock()
		hashes.PurgeSigHashes(&last)
		last = *tx.Hash()
		at.coinbase = spendsCoinbase(tx, view)
		at.locked = hasRelativeLock(tx)
		if err := at.pays(tx, view); err != nil {
			return nil, err
		}
		return p.sequenceLock(tx, view)
	}
	return mempool.New(&cfg)
}

// sequenceLock asks the chain only if it matters.
func (p *Pool) sequenceLock(tx *btcutil.Tx, view *blockchain.UtxoViewpoint) (*blockchain.SequenceLock, error) {
	if !hasRelativeLock(tx) {
		return &blockchain.SequenceLock{Seconds: -1, BlockHeight: -1}, nil
	}
	return p.base.CalcSequenceLock(tx, view)
}

// hasRelativeLock says whether BIP 68 may hold a transaction back.
func hasRelativeLock(tx *btcutil.Tx) bool {
	m := tx.MsgTx()
	if uint32(m.Version) < 2 { // as consensus reads it
		return false
	}
	return slices.ContainsFunc(m.TxIn, func(in *wire.TxIn) bool {
		return in.Sequence&wire.SequenceLockTimeDisabled == 0
	})
}

func spendsCoinbase(tx *btcutil.Tx, view *blockchain.UtxoViewpoint) bool {
	return slices.ContainsFunc(tx.MsgTx().TxIn, func(in *wire.TxIn) bool {
		e := view.LookupEntry(in.PreviousOutPoint)
		return e != nil && e.IsCoinBase()
	})
}

// pays refuses a transaction below the fee rate that is asked. Its inputs are known
// and its amounts have been checked.
func (at *look) pays(tx *btcutil.Tx, view *blockchain.UtxoViewpoint) error {
	if at.least == 0 {
		return nil
	}
	var fee int64
	for _, in := range tx.MsgTx().TxIn {
		if e := view.LookupEntry(in.PreviousOutPoint); e != nil {
			fee += e.Amount()
		}
	}
	for _, out := range tx.MsgTx().TxOut {
		fee -= out.Value
	}
	if need := int64(at.least) * virtual(tx) / 1000; fee < need {
		return fmt.Errorf("%w: %d < %d satoshi", ErrMinFee, fee, need)
	}
	return nil
}

// enter has btcd validate a transaction, and puts it among its relatives.
func (p *Pool) enter(tx *btcutil.Tx, w way) *RejectError {
	if err := p.precheck(tx, w); err != nil {
		return err
	}
	missing, desc, err := p.btc.MaybeAcceptTransaction(tx, !w.again, false)
	if err != nil {
		return p.classify(tx, err)
	}
	if len(missing) > 0 {
		return p.lacks(tx, missing)
	}
	e := Entry{Tx: tx, Fee: btcutil.Amount(desc.Fee), Size: virtual(tx), Added: w.now, Height: desc.Height}
	if w.again {
		e.Added, e.Height = w.added, w.height
	}
	p.order++
	fresh := newEntry(e, p.order, p.seen)
	replaced := p.graph.rivals(tx) // btcd has taken them out
	p.mu.Lock()
	p.graph.remove(replaced...)
	p.graph.add(fresh)
	evicted := p.trim()
	p.mu.Unlock()
	p.release(evicted)
	p.tell(changes(replaced, Replaced))
	if i := slices.Index(evicted, fresh); i >= 0 { // nobody has known of it
		p.tell(changes(slices.Delete(evicted, i, i+1), Evicted))
		return rejection(tx, events.LowFeeTx, ErrFull)
	}
	p.tell([]Change{{tx, Accepted}})
	p.tell(changes(evicted, Evicted))
	return nil
}

// precheck applies the rules that btcd lacks, cheap ones first, and sets the fee that
// is asked.
func (p *Pool) precheck(tx *btcutil.Tx, w way) *RejectError {
	p.seen = look{}
	if len(tx.MsgTx().TxIn) > 0 && blockchain.IsCoinBase(tx) {
		return rejection(tx, events.InvalidTx, ErrCoinbase)
	}
	if blockchain.GetTransactionWeight(tx) > maxWeight {
		return rejection(tx, events.OversizeTx, ErrWeight)
	}
	// btcd asks for this only where it refuses what is not standard, but a block cannot
	// hold it anywhere.
	if !blockchain.IsFinalizedTransaction(tx, p.base.BestHeight()+1, p.base.MedianTimePast()) {
		return rejection(tx, events.NonstandardTx, ErrFinal)
	}
	rivals := p.graph.rivals(tx)
	if len(rivals) > mempool.MaxReplacementEvictions { // btcd would find out at a higher price
		return rejection(tx, events.ConflictTx, ErrReplaces)
	}
	if err := p.checkChain(tx, rivals); err != nil {
		return rejection(tx, events.NonstandardTx, err)
	}
	if least := p.MinFee(w.now); least > p.cfg.MinRelayFee && !w.again {
		p.seen.least = least // up to there btcd's own rule does
	}
	return nil
}

// checkChain refuses a transaction that would make a chain of unconfirmed ones too
// long: each step costs a pass over its relatives. What it replaces does not count.
func (p *Pool) checkChain(tx *btcutil.Tx, replaced []*entry) error {
	near := p.graph.parents(tx)
	if len(near) == 0 {
		return nil
	}
	above := p.graph.reach(near, parents)
	if len(above)+1 > p.cfg.MaxChain {
		return fmt.Errorf("%w: %d unconfirmed ancestors, the limit is %d", ErrChain, len(above), p.cfg.MaxChain-1)
	}
	for _, a := range above {
		n := 0
		for _, d := range p.graph.descendants(a) {
			if !slices.Contains(replaced, d) {
				n++
			}
		}
		if n+1 > p.cfg.MaxChain {
			return fmt.Errorf("%w: an ancestor has %d descendants, the limit is %d", ErrChain, n-1, p.cfg.MaxChain-1)
		}
	}
	return nil
}

// trim evicts what is worth least until the rest fits, under mu.
func (p *Pool) trim() (evicted []*entry) {
	for p.graph.memory > p.cfg.MaxBytes {
		worst := p.graph.worst[0]
		p.floor.raise(1000*float64(worst.familyFee)/float64(worst.familySize) + float64(p.cfg.IncrementalFee))
		family := p.graph.descendants(worst)
		p.graph.remove(family...)
		evicted = append(evicted, family...)
	}
	return evicted
}

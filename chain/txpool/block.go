package txpool

import (
	"slices"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/pappus-network/pappus/events"
)

// Confirm takes what a new block holds, or makes impossible, out of the pool.
func (p *Pool) Confirm(now time.Time, b *btcutil.Block) {
	p.writing.Lock()
	defer p.writing.Unlock()
	txs := b.Transactions()[1:]
	if !p.note(now, txs) {
		return // while the chain is being synced
	}
	var gone []Change
	p.mu.Lock()
	for _, tx := range txs {
		if e, ok := p.graph.entries[*tx.Hash()]; ok {
			p.graph.remove(e)
			gone = append(gone, Change{e.Tx, Confirmed})
		}
		rivals := p.graph.rivals(tx)
		p.graph.remove(rivals...)
		gone = append(gone, changes(rivals, Conflict)...)
	}
	p.mu.Unlock()
	for _, c := range gone {
		p.btc.RemoveTransaction(c.Tx, false)
	}
	for _, tx := range txs {
		p.orphans.drop(*tx.WitnessHash())
		p.orphans.arrived(*tx.Hash())
	}
	p.tell(gone)
}

// note forgets what a block makes obsolete and remembers what it holds, if anything
// here may have to do with it.
func (p *Pool) note(now time.Time, txs []*btcutil.Tx) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rejects.clear() // what was refused may be good on top of this block
	p.floor.block(now)
	if len(p.graph.entries) == 0 && len(p.orphans.byID) == 0 {
		return false
	}
	for _, tx := range txs {
		p.mined.note(*tx.Hash(), struct{}{})
	}
	return true
}

// departed is what has left the main chain since the last block that stayed.
type departed struct {
	blocks []*btcutil.Block // the highest first
	bytes  int64
	any    bool
}

// maxReturning bounds the blocks that left the main chain whose transactions come
// back, in bytes, and with them the work to validate those anew: some five full ones
// or 3 s. Beyond that those of the highest blocks are left to whoever sent them.
// Source: Bitcoin Core's MAX_DISCONNECTED_TX_POOL_BYTES.
const maxReturning = 20_000_000

// Disconnect keeps the transactions of a block that has left the main chain, for
// [Pool.Settle].
func (p *Pool) Disconnect(b *btcutil.Block) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.mu.Lock()
	p.rejects.clear()
	p.mined.clear()
	p.mu.Unlock()
	for i := range p.deployed {
		p.deployed[i].Store(false)
	}
	p.left.any = true
	p.left.blocks = append(p.left.blocks, b)
	p.left.bytes += int64(b.MsgBlock().SerializeSize())
	for p.left.bytes > maxReturning && len(p.left.blocks) > 1 {
		highest := p.left.blocks[0]
		p.left.blocks = p.left.blocks[1:]
		p.left.bytes -= int64(highest.MsgBlock().SerializeSize())
		for _, tx := range highest.Transactions()[1:] {
			p.abandon(tx)
		}
	}
}

// Settle brings back what disconnected blocks held and no other block of the new
// chain does, parents first. What is not valid any more takes with it what spends
// from it. Call it when the reorganisation is over; without one it costs nothing.
func (p *Pool) Settle(now time.Time) {
	p.writing.Lock()
	defer p.writing.Unlock()
	left := p.left
	if !left.any {
		return
	}
	p.left = departed{}
	w := way{now: now, again: true, added: now, height: p.base.BestHeight()}
	for _, b := range slices.Backward(left.blocks) {
		for _, tx := range b.Transactions()[1:] {
			p.readmit(tx, w)
		}
	}
	p.recheck()
}

func (p *Pool) readmit(tx *btcutil.Tx, w way) {
	err := p.accept(tx, w)
	switch {
	case err == nil:
		p.shorten(p.graph.entries[*tx.Hash()])
	case err.Reason != events.KnownTx && err.Reason != events.MinedTx:
		p.abandon(tx)
	}
}

// abandon takes out what spends from a transaction that is not here.
func (p *Pool) abandon(tx *btcutil.Tx) {
	for _, e := range p.graph.spenders(tx) {
		if p.here(e) {
			p.take(p.graph.descendants(e), Conflict)
		}
	}
}

// shorten takes out what makes chains too long now that a parent is back above its
// children.
func (p *Pool) shorten(back *entry) {
	if len(back.children) == 0 {
		return
	}
	drop := func(e *entry) {
		if p.here(e) {
			p.take(p.graph.descendants(e), Evicted)
		}
	}
	for _, d := range p.graph.descendants(back)[1:] {
		if p.here(d) && len(p.graph.ancestors(d)) > p.cfg.MaxChain {
			drop(d)
		}
	}
	for _, a := range p.graph.ancestors(back) {
		if all := p.graph.descendants(a); len(all) > p.cfg.MaxChain {
			for _, d := range all[p.cfg.MaxChain:] {
				drop(d)
			}
		}
	}
}

// recheck takes out what no block may hold yet since the reorganisation: the new tip
// may be lower, or earlier, and outputs may be younger.
func (p *Pool) recheck() {
	for _, e := range p.pick(func(e *entry) bool { return !p.ripe(e) }) {
		if p.here(e) {
			p.take(p.graph.descendants(e), Conflict)
		}
	}
}

// ripe says whether the next block may hold an entry whose inputs exist, as far as
// its height and time are concerned.
func (p *Pool) ripe(e *entry) bool {
	next, median := p.base.BestHeight()+1, p.base.MedianTimePast()
	if !blockchain.IsFinalizedTransaction(e.Tx, next, median) {
		return false
	}
	if !e.locked && !e.coinbase {
		return true
	}
	view, err := p.view(e.Tx)
	if err != nil {
		return true // nobody's fault
	}
	if _, err := blockchain.CheckTransactionInputs(e.Tx, next, view, p.base.ChainParams); err != nil {
		return false
	}
	lock, err := p.sequenceLock(e.Tx, view)
	return err == nil && blockchain.SequenceLockActive(lock, next, median)
}

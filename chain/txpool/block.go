package txpool

import (
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/pappus-network/pappus/events"
)

// maxReturning bounds the transactions of disconnected blocks that are kept until
// the reorganisation is over, in bytes: 16 blocks of 4 MB. Beyond that those of the
// oldest blocks, which were disconnected last, are left to whoever sent them.
const maxReturning = 64 << 20

// Confirm takes what a new block holds, or makes impossible, out of the pool.
func (p *Pool) Confirm(now time.Time, b *btcutil.Block) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.rejects.clear() // what was refused may be good on top of this block
	if p.Count() == 0 && len(p.orphans.byID) == 0 {
		return // while the chain is being synced
	}
	p.mu.Lock()
	p.floor.block(now)
	var changes []Change
	for _, tx := range b.Transactions()[1:] {
		if e, ok := p.graph.entries[*tx.Hash()]; ok {
			p.graph.remove(e)
			changes = append(changes, Change{e.Tx, Confirmed})
		}
		for _, in := range tx.MsgTx().TxIn {
			e, ok := p.graph.spends[in.PreviousOutPoint]
			if !ok {
				continue
			}
			for _, d := range descendants(e) {
				p.graph.remove(d)
				changes = append(changes, Change{d.Tx, Conflict})
			}
		}
	}
	p.mu.Unlock()
	for _, c := range changes {
		p.btc.RemoveTransaction(c.Tx, false)
	}
	for _, tx := range b.Transactions()[1:] {
		p.orphans.drop(*tx.Hash())
	}
	p.tell(changes)
}

// Adopt takes the orphans that waited for transactions of a block. Call it when the
// block is the tip, and not while it is being connected. It returns what it took.
func (p *Pool) Adopt(now time.Time, b *btcutil.Block) []*btcutil.Tx {
	p.writing.Lock()
	defer p.writing.Unlock()
	var taken []*btcutil.Tx
	for _, tx := range b.Transactions()[1:] {
		if len(p.orphans.byID) == 0 {
			break
		}
		if home := p.bringHome(now, []*btcutil.Tx{tx}); len(home) > 1 {
			taken = append(taken, home[1:]...)
		}
	}
	return taken
}

// Disconnect keeps the transactions of a block that has left the main chain, for
// [Pool.Settle].
func (p *Pool) Disconnect(b *btcutil.Block) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.rejects.clear()
	size := int64(b.MsgBlock().SerializeSize())
	if p.returned+size > maxReturning {
		return
	}
	p.returned += size
	// A chain is taken apart from its tip: this block comes before the last.
	p.returning = append(b.Transactions()[1:len(b.Transactions()):len(b.Transactions())], p.returning...)
}

// Settle brings back what disconnected blocks held and no other block of the new
// chain does, parents first. What is not valid any more takes with it what spends
// from it. Call it when the reorganisation is over; without one it costs nothing.
func (p *Pool) Settle(now time.Time) {
	p.writing.Lock()
	defer p.writing.Unlock()
	back := p.returning
	p.returning, p.returned = nil, 0
	for _, tx := range back {
		err := p.accept(now, tx, &Entry{Added: now, Height: p.base.BestHeight()})
		if err != nil && err.Reason != events.KnownTx && err.Reason != events.MinedTx {
			p.abandon(tx)
		}
	}
}

// abandon takes out what spends from a transaction that is not here.
func (p *Pool) abandon(tx *btcutil.Tx) {
	p.mu.Lock()
	var changes []Change
	for _, e := range p.graph.entries {
		for _, in := range e.Tx.MsgTx().TxIn {
			if in.PreviousOutPoint.Hash != *tx.Hash() {
				continue
			}
			for _, d := range descendants(e) {
				p.graph.remove(d)
				changes = append(changes, Change{d.Tx, Conflict})
			}
			break
		}
	}
	p.mu.Unlock()
	for _, c := range changes {
		p.btc.RemoveTransaction(c.Tx, false)
	}
	p.tell(changes)
}

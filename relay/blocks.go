package relay

import (
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
)

// Watches says whether the transactions of blocks matter to anybody here: otherwise
// they need not be read.
func (r *Relay) Watches() bool {
	return r.journal.Awaits() || (r.stemming != nil && r.stemming.busy())
}

// Mined notes the transactions of a new block, of a height. The mempool has been told
// before.
func (r *Relay) Mined(b *btcutil.Block, height int32) {
	for _, tx := range b.Transactions()[1:] {
		r.journal.Mined(time.Now(), *tx.Hash(), height, *b.Hash())
		if r.stemming != nil {
			r.stemming.seen(tx)
		}
	}
	for _, tx := range r.intake.pool.Adopt(time.Now(), b) {
		r.accepted(tx, "")
	}
}

// Unmined notes the transactions of a block that left the main chain. See [Relay.Settled].
func (r *Relay) Unmined(b *btcutil.Block) { r.lives.left(b) }

// Settled says that the relay has been told of the main chain's last block. What was
// unmined and is in no other block is in the mempool again, unless it cannot be: the new
// chain holds another that spends the same.
func (r *Relay) Settled() { r.lives.settled() }

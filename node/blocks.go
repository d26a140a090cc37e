package node

import (
	"context"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// retold is how many of the last blocks the relay is told again at a start, if it has
// transactions that no block is known to hold: a stop or a crash may have come between
// a block and the journal. A day, and 300 MB to read at the very most.
const retold = 144

// followBlocks tells the relay of the transactions of blocks, while any matter to it.
// Events, of whatever kind, only say when to look: a reader that is slow loses some.
func (r *relaying) followBlocks(ctx context.Context, n *Node, sub *Subscription) error {
	defer sub.Close()
	tip := n.chain.Tip()
	told := tip.Hash
	if e, ok := n.chain.Headers().Ancestor(tip.Hash, max(0, tip.Height-retold)); ok {
		told = e.Hash
	}
	for {
		if told != n.chain.Tip().Hash {
			told = r.catchUp(ctx, n, told)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-sub.C:
		}
	}
}

// catchUp tells of what has happened to the main chain since the block that was told
// last, and returns the last that is told now.
func (r *relaying) catchUp(ctx context.Context, n *Node, told chainhash.Hash) chainhash.Hash {
	for ctx.Err() == nil && !n.chain.OnMainChain(told) {
		at, ok := n.chain.Headers().Lookup(told)
		if !ok {
			return n.chain.Tip().Hash // forgotten meanwhile: headers are kept, so this is a fault
		}
		// Also if nothing is waited for: what is mined is not any more.
		if b, ok := n.storedBlock(told); ok {
			r.relay.Unmined(b)
		}
		told = at.Header.PrevBlock
	}
	for ctx.Err() == nil {
		// In this order: what is watched from now on was checked on top of this tip.
		if tip := n.chain.Tip().Hash; !r.relay.Watches() {
			r.relay.Settled()
			return tip
		}
		at, ok := n.chain.Headers().Lookup(told)
		if !ok || !n.chain.OnMainChain(told) {
			break // the next event goes on from there
		}
		next, ok := n.chain.BlockHash(at.Height + 1)
		if !ok {
			r.relay.Settled()
			break
		}
		if b, ok := n.storedBlock(next); ok {
			if b.MsgBlock().Header.PrevBlock != told {
				break // another branch has won just now
			}
			r.relay.Mined(b, at.Height+1)
		}
		told = next
	}
	return told
}

func (n *Node) storedBlock(hash chainhash.Hash) (*btcutil.Block, bool) {
	raw, err := n.chain.StoredBlock(hash)
	if err != nil {
		return nil, false // pruned meanwhile
	}
	b, err := btcutil.NewBlockFromBytes(raw)
	return b, err == nil
}

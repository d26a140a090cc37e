package chain

import (
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
)

// maxSwaps bounds how often assume-valid is switched during one run. Once on and once
// off is the rule; a side branch costs two more. Each switch reads the block index
// again, a second or so on mainnet.
const maxSwaps = 8

// assumed is the state of assume-valid. btcd knows checkpoints only: up to the last one
// it runs no scripts, on no matter which branch. Hence the checkpoint is there only while
// the best header chain holds the named block, the tip is below it, and the block at hand
// is one of its ancestors.
type assumed struct {
	target *AssumeValid
	armed  bool
	warned bool
	swaps  int
}

// assume switches the checkpoint on or off, as the next block needs it; nil means none
// is at hand yet.
func (c *Chain) assume(next *btcutil.Block) error {
	want := c.assumes(next)
	if want == c.assumed.armed || (want && c.assumed.swaps >= maxSwaps) {
		return nil
	}
	var checkpoints []chaincfg.Checkpoint
	if want {
		t := c.assumed.target
		checkpoints = []chaincfg.Checkpoint{{Height: t.Height, Hash: &t.Hash}}
	}
	// The new instance reads unspent outputs from the database only.
	if err := c.consensus.FlushUtxoCache(blockchain.FlushRequired); err != nil {
		return fmt.Errorf("write unspent outputs: %w", err)
	}
	c.swapping.Lock()
	defer c.swapping.Unlock()
	if err := c.connect(checkpoints); err != nil {
		return fmt.Errorf("switch assume-valid: %w", err)
	}
	c.assumed.armed = want
	c.assumed.swaps++
	if want {
		c.log.Info("assume-valid is on: scripts are not run up to the block", "height", c.assumed.target.Height, "hash", c.assumed.target.Hash)
	} else {
		c.log.Info("assume-valid is off: every script is run from here", "height", c.Tip().Height)
	}
	return nil
}

func (c *Chain) assumes(next *btcutil.Block) bool {
	t := c.assumed.target
	if t == nil || c.Tip().Height >= t.Height {
		return false
	}
	best, ok := c.Headers().At(t.Height)
	if !ok {
		return false
	}
	if best.Hash != t.Hash {
		if !c.assumed.warned {
			c.assumed.warned = true
			c.log.Warn("the best header chain does not hold the assume-valid block: every script is run", "height", t.Height, "want", t.Hash, "found", best.Hash)
		}
		return false
	}
	if next == nil {
		return true
	}
	entry, ok := c.Headers().Lookup(*next.Hash())
	if !ok || entry.Height > t.Height {
		return false
	}
	onTheWay, ok := c.Headers().Ancestor(t.Hash, entry.Height)
	return ok && onTheWay.Hash == entry.Hash
}

package chain

import (
	"fmt"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
)

// setup is what btcd fixes when its blockchain is opened and we want to change meanwhile:
// it is then opened again over the same database.
//
// Assume-valid: btcd knows checkpoints only. Up to the last one it runs no scripts, on no
// matter which branch. Hence the checkpoint is there only while the best header chain
// holds the named block, the tip is below it, and the block at hand is one of its
// ancestors.
//
// The signature cache: an entry keeps the whole transaction's scripts in memory. In a
// sync that is worth hundreds of megabytes, for signatures that nobody has seen before.
type setup struct {
	assume bool // run no scripts up to the assume-valid block
	cache  bool // remember signatures: the chain is current, the mempool has seen them
}

// maxSwaps bounds how often assume-valid is switched on during one run; a side branch
// costs another time. Each switch reads the block index again, a second or so on mainnet.
const maxSwaps = 4

// assumed is the state of assume-valid.
type assumed struct {
	target *AssumeValid
	warned bool
	times  int // switched on
}

// arrange opens btcd's blockchain anew if the next block needs another setup; nil means
// none is at hand yet.
func (c *Chain) arrange(next *btcutil.Block) error {
	want := setup{
		assume: c.assumes(next) && (c.setup.assume || c.assumed.times < maxSwaps),
		cache:  c.setup.cache || c.Current(time.Now()),
	}
	if want == c.setup {
		return nil
	}
	old := c.setup
	if err := c.renew(want, false); err != nil {
		return err
	}
	switch {
	case want.assume && !old.assume:
		c.assumed.times++
		c.log.Info("assume-valid is on: scripts are not run up to the block", "height", c.assumed.target.Height, "hash", c.assumed.target.Hash)
	case old.assume && !want.assume:
		c.log.Info("assume-valid is off: every script is run from here", "height", c.Tip().Height)
	}
	return nil
}

// renew opens btcd's blockchain again. With the whole database everything up to the tip
// is on disk afterwards: ffldb writes its metadata when it is closed, and else when it
// likes. Readers wait meanwhile.
func (c *Chain) renew(want setup, whole bool) error {
	if err := c.consensus.FlushUtxoCache(blockchain.FlushRequired); err != nil {
		return fmt.Errorf("write unspent outputs: %w", err)
	}
	c.swapping.Lock()
	defer c.swapping.Unlock()
	if whole {
		close(c.closing)
		c.closing = make(chan struct{})
		if err := c.db.Close(); err != nil {
			return fmt.Errorf("write block database: %w", err)
		}
		db, err := openDatabase(c.cfg.Dir, c.params.Net)
		if err != nil {
			return fmt.Errorf("open block database: %w", diagnose(c.cfg.Dir, err))
		}
		c.db = db
	}
	if err := c.connect(want); err != nil {
		return err
	}
	c.setup = want
	if whole {
		return c.salvage.settle()
	}
	return nil
}

// checkpoints returns what makes btcd skip the scripts that assume-valid vouches for.
func (c *Chain) checkpoints(s setup) []chaincfg.Checkpoint {
	if !s.assume {
		return nil
	}
	return []chaincfg.Checkpoint{{Height: c.assumed.target.Height, Hash: &c.assumed.target.Hash}}
}

// assumes says whether the next block may be taken on trust.
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

package chain

import (
	"context"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// VerifyLevel is how thoroughly stored blocks are looked at.
type VerifyLevel int

// Each level includes those before it. Source: the first levels of bitcoind's verifychain.
const (
	VerifyRead VerifyLevel = iota // readable, checksum right, the hash asked for
	VerifyBody                    // obeys the rules that need no context; the body belongs to the header
	VerifyUndo                    // what is needed to disconnect it is there and complete
)

var errOtherBlock = errors.New("another block is stored in its place")

// Verify looks at the last blocks of the main chain, newest first: depth of them, or all
// if depth is 0. Blocks that pruning has deleted end it. It returns how many it found
// right; the first damage is the error, a
// *[DamagedError] if it is of the database. progress may be nil.
func (c *Chain) Verify(ctx context.Context, depth int32, level VerifyLevel, progress func(done, total int)) (int, error) {
	tip := c.Tip()
	total := tip.Height + 1
	if depth > 0 {
		total = min(total, depth)
	}
	hash := tip.Hash
	for done := range total {
		if err := ctx.Err(); err != nil {
			return int(done), fmt.Errorf("verify blocks: %w", err)
		}
		parent, err := c.verifyBlock(hash, tip.Height-done, level)
		if errors.Is(err, ErrPruned) {
			return int(done), nil
		}
		if err != nil {
			return int(done), fmt.Errorf("verify block %v at height %d: %w", hash, tip.Height-done, diagnose(c.cfg.Dir, err))
		}
		hash = parent
		if progress != nil {
			progress(int(done)+1, int(total))
		}
	}
	return int(total), nil
}

// verifyBlock returns the hash of the block's parent.
func (c *Chain) verifyBlock(hash chainhash.Hash, height int32, level VerifyLevel) (chainhash.Hash, error) {
	raw, err := c.StoredBlock(hash)
	if err != nil {
		return chainhash.Hash{}, err
	}
	b, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return chainhash.Hash{}, err
	}
	b.SetHeight(height)
	if *b.Hash() != hash {
		return chainhash.Hash{}, errOtherBlock
	}
	parent := b.MsgBlock().Header.PrevBlock
	if level >= VerifyBody {
		if err := blockchain.CheckBlockSanity(b, c.params.PowLimit, localClock{}); err != nil {
			return parent, err
		}
		if err := checkBody(b); err != nil {
			return parent, err
		}
	}
	if level >= VerifyUndo && height > 0 {
		_, err := c.SpentBy(b)
		return parent, err
	}
	return parent, nil
}

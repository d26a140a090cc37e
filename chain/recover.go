package chain

import (
	"context"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/events"
)

// Recover connects the blocks that were stored but not yet in the database's metadata
// when the process was killed, and returns how many. What had been validated is only
// connected again. Call it once after [Open], before any block is fetched; it may be
// cancelled, and killed, and goes on at the next start. progress may be nil.
func (c *Chain) Recover(ctx context.Context, progress func(done, total int)) (int, error) {
	left, err := c.unconnected()
	if err != nil {
		return 0, err
	}
	recovered := 0
	for i, hash := range left {
		if err := ctx.Err(); err != nil {
			return recovered, fmt.Errorf("recover stored blocks: %w", err)
		}
		if err := c.reconnect(hash); err != nil {
			return recovered, fmt.Errorf("recover stored blocks: %w", err)
		}
		if c.HaveBlock(hash) {
			recovered++
		}
		if progress != nil {
			progress(i+1, len(left))
		}
	}
	c.accepting.Lock()
	defer c.accepting.Unlock()
	c.salvage.trusted, c.salvage.over = nil, true
	return recovered, nil
}

// unconnected drops from the list the blocks that the database knows durably by now.
func (c *Chain) unconnected() ([]chainhash.Hash, error) {
	c.accepting.Lock()
	defer c.accepting.Unlock()
	var left []chainhash.Hash
	for _, h := range c.salvage.blocks {
		if !c.HaveBlock(h) {
			left = append(left, h)
		}
	}
	if len(left) == len(c.salvage.blocks) {
		return left, nil
	}
	c.salvage.blocks = left
	if err := c.salvage.save(); err != nil {
		return nil, fmt.Errorf("write list of blocks to recover: %w", err)
	}
	return left, nil
}

// reconnect accepts one stored block. A block that is at fault was so before the crash,
// too: it is left alone.
func (c *Chain) reconnect(hash chainhash.Hash) error {
	raw, err := c.StoredBlock(hash)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return fmt.Errorf("decode stored block %v: %w", hash, err)
	}
	_, trusted := c.salvage.trusted[hash]
	err = checkBody(b)
	if err == nil {
		err = c.accept(b, trusted)
	}
	if bad := (*BlockError)(nil); errors.As(err, &bad) || errors.Is(err, ErrNoParent) {
		c.log.Warn("a stored block was not taken back", "hash", hash, "reason", events.InvalidBlock, "err", err)
		return nil
	}
	return err
}

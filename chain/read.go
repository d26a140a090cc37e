package chain

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/wire/v2"
)

// staleServed is how much older than the best header a block off the main chain may be
// to be served. What stale blocks a node holds tells nodes apart. Source: Bitcoin Core's
// STALE_RELAY_AGE_LIMIT (src/net_processing.cpp).
const staleServed = 30 * 24 * time.Hour

// HaveBlock says whether the block is stored, on whatever branch; pruning does not change
// the answer. It never waits for validation.
func (c *Chain) HaveBlock(hash chainhash.Hash) bool {
	consensus, done := c.use()
	defer done()
	// btcd's index holds what is stored and nothing else, since it is never given a header
	// alone. Its own HaveBlock also asks the database, in vain and at ten times the price.
	_, err := consensus.HeaderByHash(&hash)
	return err == nil
}

// RawBlock returns the block as it is stored, with witnesses, for serving to peers:
// [ErrNotFound] also for invalid blocks and for old ones off the main chain. The caller
// may keep the bytes. It never waits for validation.
func (c *Chain) RawBlock(hash chainhash.Hash) ([]byte, error) {
	entry, ok := c.Headers().Lookup(hash)
	if !ok || c.Headers().Invalid(hash) {
		return nil, fmt.Errorf("block %v: %w", hash, ErrNotFound)
	}
	oldest := c.Headers().Best().Header.Timestamp.Add(-staleServed)
	if entry.Header.Timestamp.Before(oldest) && !c.OnMainChain(hash) {
		return nil, fmt.Errorf("block %v: %w", hash, ErrNotFound)
	}
	return c.StoredBlock(hash)
}

// StoredBlock returns any stored block, for the operator's eyes. The caller may keep the
// bytes. [ErrPruned] if it was deleted.
func (c *Chain) StoredBlock(hash chainhash.Hash) ([]byte, error) {
	var raw []byte
	err := c.view(func(tx database.Tx) (err error) {
		// ffldb reads into a fresh buffer; nothing of it is mapped or shared.
		raw, err = tx.FetchBlock(&hash)
		return err
	})
	if err == nil {
		return raw, nil
	}
	if dbErr := (database.Error{}); errors.As(err, &dbErr) {
		if dbErr.ErrorCode == database.ErrBlockNotFound {
			if c.cfg.Prune != 0 && c.HaveBlock(hash) {
				return nil, fmt.Errorf("block %v: %w: %w", hash, ErrPruned, ErrNotFound)
			}
			return nil, fmt.Errorf("block %v: %w", hash, ErrNotFound)
		}
		if errors.Is(dbErr.Err, fs.ErrNotExist) {
			return nil, fmt.Errorf("block %v: %w: %w", hash, ErrPruned, ErrNotFound)
		}
	}
	return nil, fmt.Errorf("read block %v: %w", hash, err)
}

// OnMainChain says whether the block is on the validated main chain.
func (c *Chain) OnMainChain(hash chainhash.Hash) bool {
	entry, ok := c.Headers().Lookup(hash)
	if !ok {
		return false
	}
	at, ok := c.BlockHash(entry.Height)
	return ok && at == hash
}

// BlockHash returns the hash at a height of the validated main chain.
func (c *Chain) BlockHash(height int32) (chainhash.Hash, bool) {
	tip := c.Tip()
	if height < 0 || height > tip.Height {
		return chainhash.Hash{}, false
	}
	entry, ok := c.Headers().Ancestor(tip.Hash, height)
	return entry.Hash, ok
}

// RawTx returns a transaction from the mempool, or from the main chain if the
// configuration keeps an index of transactions, else [ErrNotFound]. The bytes, with
// witnesses, are the caller's.
func (c *Chain) RawTx(hash chainhash.Hash) ([]byte, error) {
	raw, _, err := c.FindTx(hash)
	return raw, err
}

// FindTx is [Chain.RawTx] and the block that holds the transaction, nil for the mempool.
func (c *Chain) FindTx(hash chainhash.Hash) (raw []byte, block *chainhash.Hash, err error) {
	if raw, ok := c.pool.Raw(hash); ok {
		return raw, nil, nil
	}
	c.swapping.RLock()
	defer c.swapping.RUnlock()
	if c.txs == nil {
		return nil, nil, fmt.Errorf("transaction %v: %w", hash, ErrNotFound)
	}
	region, err := c.txs.TxBlockRegion(&hash)
	if err != nil {
		return nil, nil, fmt.Errorf("look up transaction %v: %w", hash, err)
	}
	if region == nil {
		return nil, nil, fmt.Errorf("transaction %v: %w", hash, ErrNotFound)
	}
	err = c.db.View(func(tx database.Tx) error {
		part, err := tx.FetchBlockRegion(region)
		raw = append([]byte(nil), part...)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read transaction %v: %w", hash, err)
	}
	return raw, region.Hash, nil
}

// HeadersAfter answers getheaders along the best header chain, blocks or not: see
// [headertree.Tree.After].
func (c *Chain) HeadersAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []wire.BlockHeader {
	return c.Headers().After(locator, stop, most)
}

// BlocksAfter answers getblocks: at most so many hashes of the best header chain after the
// locator, ascending, as far as its blocks are stored.
func (c *Chain) BlocksAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []chainhash.Hash {
	hashes := c.Headers().HashesAfter(locator, stop, most)
	for i, h := range hashes {
		if !c.HaveBlock(h) {
			return hashes[:i]
		}
	}
	return hashes
}

// LowestBlock returns the height of the first main-chain block that pruning has left.
func (c *Chain) LowestBlock() int32 {
	low, high := int32(0), c.Tip().Height
	for low < high {
		middle := low + (high-low)/2
		if c.stored(middle) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

func (c *Chain) stored(height int32) bool {
	hash, ok := c.BlockHash(height)
	if !ok {
		return false
	}
	err := c.view(func(tx database.Tx) error {
		has, err := tx.HasBlock(&hash)
		if err == nil && !has {
			err = ErrNotFound
		}
		return err
	})
	return err == nil
}

// Pruning returns how many bytes of blocks are kept; 0 = all.
func (c *Chain) Pruning() uint64 { return c.cfg.Prune }

// SizeOnDisk returns the bytes that the block database takes.
func (c *Chain) SizeOnDisk() (uint64, error) {
	if c.cfg.Dir == "" {
		return 0, nil
	}
	var sum uint64
	err := filepath.WalkDir(c.cfg.Dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the database has tidied up meanwhile
		}
		if err == nil {
			sum += uint64(info.Size())
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("measure %s: %w", c.cfg.Dir, err)
	}
	return sum, nil
}

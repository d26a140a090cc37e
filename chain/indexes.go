package chain

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/blockchain/indexers"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/wire/v2"
)

// newIndexes makes the optional indexes that the configuration wants. btcd catches them
// up with the chain when it opens, so that they may be switched on later.
func (c *Chain) newIndexes() (*indexers.TxIndex, *indexers.CfIndex, blockchain.IndexManager) {
	var all []indexers.Indexer
	var txs *indexers.TxIndex
	var filters *indexers.CfIndex
	if c.cfg.TxIndex {
		txs = indexers.NewTxIndex(c.db)
		all = append(all, txs)
	}
	if c.cfg.CFIndex {
		filters = indexers.NewCfIndex(c.db, c.own)
		all = append(all, filters)
	}
	if len(all) == 0 {
		return nil, nil, nil
	}
	return txs, filters, indexers.NewManager(c.db, all)
}

// index is what the database says about an optional index.
type index struct {
	name   string
	key    []byte // of its tip. Source: txIndexKey, cfIndexParentBucketKey of btcd's indexers
	wanted bool
	drop   func(database.DB, <-chan struct{}) error
}

func (c *Chain) indexes() []index {
	return []index{
		{"txindex", []byte("txbyhashidx"), c.cfg.TxIndex, indexers.DropTxIndex},
		{"cfindex", []byte("cfindexparentbucket"), c.cfg.CFIndex, indexers.DropCfIndex},
	}
}

// checkSwitches compares what the database was built with to what is wanted now, before
// btcd stumbles over it. An index that was off for a while is continued; if the chain was
// reorganised below it meanwhile, what it needs to go back is gone, and it is built anew.
func (c *Chain) checkSwitches() error {
	var pruned bool
	err := c.view(func(tx database.Tx) (err error) {
		pruned, err = tx.BeenPruned()
		return err
	})
	if err != nil {
		return fmt.Errorf("look for pruned blocks: %w", err)
	}
	if pruned && c.cfg.Prune == 0 {
		return fmt.Errorf("%s was pruned, and pruning is switched off now: keep --prune, or empty the folder to fetch all blocks again", c.cfg.Dir)
	}
	for _, x := range c.indexes() {
		if !x.wanted {
			continue
		}
		if err := c.checkIndex(x, pruned); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
	}
	return nil
}

func (c *Chain) checkIndex(x index, pruned bool) error {
	tip, found, err := c.indexTip(x)
	if err != nil {
		return err
	}
	if pruned && !found {
		return fmt.Errorf("it needs blocks that pruning has deleted: switch it off, or empty %s to fetch all blocks again", c.cfg.Dir)
	}
	if !found || tip == (chainhash.Hash{}) {
		return nil
	}
	main, err := c.storedOnMain(tip)
	if err != nil || main {
		return err
	}
	c.log.Warn("the index ends on a branch that was left: building it anew", "index", x.name)
	return x.drop(c.db, nil)
}

// Buckets of btcd's. Source: indexTipsBucketName (blockchain/indexers/manager.go),
// hashIndexBucketName (blockchain/chainio.go).
var (
	indexTipsBucket = []byte("idxtips")
	mainHashBucket  = []byte("hashidx")
)

// indexTip returns the block up to which the index goes, if there is an index.
func (c *Chain) indexTip(x index) (tip chainhash.Hash, found bool, err error) {
	err = c.view(func(tx database.Tx) error {
		bucket := tx.Metadata().Bucket(indexTipsBucket)
		if bucket == nil {
			return nil
		}
		value := bucket.Get(x.key)
		if len(value) >= chainhash.HashSize {
			found = true
			copy(tip[:], value)
		}
		return nil
	})
	return tip, found, err
}

func (c *Chain) storedOnMain(hash chainhash.Hash) (main bool, err error) {
	err = c.view(func(tx database.Tx) error {
		bucket := tx.Metadata().Bucket(mainHashBucket)
		main = bucket != nil && bucket.Get(hash[:]) != nil
		return nil
	})
	return main, err
}

// Filter returns the block's BIP 158 basic filter: [ErrNoFilters] if the configuration
// keeps none, [ErrNotFound] for a block that has never been on the main chain.
func (c *Chain) Filter(hash chainhash.Hash) ([]byte, error) {
	c.swapping.RLock()
	defer c.swapping.RUnlock()
	if c.filters == nil {
		return nil, ErrNoFilters
	}
	raw, err := c.filters.FilterByBlockHash(&hash, wire.GCSFilterRegular)
	if err != nil {
		return nil, fmt.Errorf("filter of block %v: %w", hash, err)
	}
	if raw == nil {
		return nil, fmt.Errorf("filter of block %v: %w", hash, ErrNotFound)
	}
	return raw, nil
}

// FilterHeader returns the header that BIP 157 chains the block's filter with. Errors are
// those of [Chain.Filter].
func (c *Chain) FilterHeader(hash chainhash.Hash) (chainhash.Hash, error) {
	c.swapping.RLock()
	defer c.swapping.RUnlock()
	if c.filters == nil {
		return chainhash.Hash{}, ErrNoFilters
	}
	raw, err := c.filters.FilterHeaderByBlockHash(&hash, wire.GCSFilterRegular)
	if err != nil {
		return chainhash.Hash{}, fmt.Errorf("filter header of block %v: %w", hash, err)
	}
	if len(raw) != chainhash.HashSize {
		return chainhash.Hash{}, fmt.Errorf("filter header of block %v: %w", hash, ErrNotFound)
	}
	return chainhash.Hash(raw), nil
}

// ErrNoFilters says that the configuration keeps no filters.
var ErrNoFilters = errors.New("filters are not kept: switch on --cfindex")

package chain

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/chain/txpool"
)

// MinPrune is the least that Prune may be: two whole block files of ffldb (512 MiB
// each) and the one being written. At 4 MB a block that keeps at least 256 blocks to
// reorganise over. Source: btcd's own minimum for --prune; ffldb refuses below 512 MiB.
const MinPrune = 1536 << 20

// defaultUTXOCache is the memory for unspent outputs not yet written, in bytes. With
// ffldb's own cache (100 MB at most) it keeps a syncing node below 350 MB resident.
const defaultUTXOCache = 64 << 20

// defaultSignatures is how many verified signatures are remembered, so that a block's
// transactions which the mempool has seen are not verified twice: about four full
// blocks of 5,000 inputs, at some 250 bytes each 5 MB, half of it at once.
const defaultSignatures = 20_000

// AssumeValid names a block whose ancestors' scripts need not run: an operator's word
// for their validity. It counts only while the best header chain holds the block.
type AssumeValid struct {
	Hash   chainhash.Hash
	Height int32
}

// Config is what an operator can set about the chain.
type Config struct {
	Dir          string        // folder of the database; made if absent
	AssumeValid  *AssumeValid  // nil: every script is run
	Prune        uint64        // bytes of blocks to keep, at least [MinPrune]; 0 = all
	TxIndex      bool          // find any confirmed transaction by its hash
	CFIndex      bool          // keep BIP 158 filters
	UTXOCache    uint64        // bytes, more than half of which are taken at once; 0 = the default
	Signatures   uint          // verified ones that are remembered; 0 = the default
	Mempool      txpool.Config // zero: the default
	MinChainWork *big.Int      // a chain with less is never called current; nil = 0
}

// DefaultConfig returns the settings of a full node that keeps its data in dir.
func DefaultConfig(dir string) Config {
	return Config{Dir: dir, UTXOCache: defaultUTXOCache, Signatures: defaultSignatures, Mempool: txpool.DefaultConfig()}
}

// filled returns the settings with defaults where there are none.
func (c Config) filled() Config {
	if c.UTXOCache == 0 {
		c.UTXOCache = defaultUTXOCache
	}
	if c.Signatures == 0 {
		c.Signatures = defaultSignatures
	}
	if c.Mempool == (txpool.Config{}) {
		c.Mempool = txpool.DefaultConfig()
	}
	return c
}

// Validate reports the first setting that cannot work, and what to do about it.
func (c Config) Validate() error {
	if c.Dir == "" {
		return errors.New("the chain's folder is not named")
	}
	return c.validateRest()
}

// validateRest checks all but the folder.
func (c Config) validateRest() error {
	if c.Prune != 0 && c.Prune < MinPrune {
		return fmt.Errorf("prune to %d MiB is below the least of %d MiB: choose more, or 0 to keep all blocks", c.Prune>>20, MinPrune>>20)
	}
	if c.Prune != 0 && c.TxIndex {
		return errors.New("prune and txindex exclude each other: the index needs the blocks that pruning deletes")
	}
	if c.AssumeValid != nil && c.AssumeValid.Height < 1 {
		return fmt.Errorf("assume-valid height %d is not above 0", c.AssumeValid.Height)
	}
	if c.Mempool != (txpool.Config{}) {
		return c.Mempool.Validate()
	}
	return nil
}

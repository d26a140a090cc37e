package txpool

import (
	"errors"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
)

// Config is what can be set about a pool.
type Config struct {
	MaxBytes       int64          // of memory, as [Info] counts it
	Expiry         time.Duration  // after which an unconfirmed transaction goes
	MinRelayFee    btcutil.Amount // satoshi per 1,000 virtual bytes
	IncrementalFee btcutil.Amount // that eviction adds to the minimum, same unit
	OrphanWeight   int            // weight units that one sender's orphans may have
	Orphans        int            // of all senders
	OrphanExpiry   time.Duration
	Rejects        int // transactions remembered as rejected, 32 bytes each and a word
	MaxChain       int // unconfirmed ancestors or descendants, itself among them
}

// DefaultConfig returns Bitcoin Core's settings: -maxmempool 300 MB, -mempoolexpiry
// 336 h, -minrelaytxfee and -incrementalrelayfee (1,000 sat/kvB as btcd has it),
// 404,000 weight units of orphans a peer and 3,000 in all (version 30), 20 min an
// orphan, 120,000 recent rejects, chains of 25.
func DefaultConfig() Config {
	return Config{
		MaxBytes:       300_000_000,
		Expiry:         336 * time.Hour,
		MinRelayFee:    1000,
		IncrementalFee: 1000,
		OrphanWeight:   404_000,
		Orphans:        3000,
		OrphanExpiry:   20 * time.Minute,
		Rejects:        120_000,
		MaxChain:       25,
	}
}

// maxWeight is the largest standard transaction, in weight units. Source: Bitcoin
// Core's MAX_STANDARD_TX_WEIGHT; btcd enforces it where non-standard transactions
// are refused, and no stem carries more (design.md §3).
const maxWeight = 400_000

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.MaxBytes < 1:
		return errors.New("the mempool's size is not above 0")
	case c.Expiry <= 0 || c.OrphanExpiry <= 0:
		return errors.New("the mempool's expiry is not above 0")
	case c.MinRelayFee < 0 || c.IncrementalFee < 0:
		return errors.New("the mempool's least fees are negative")
	case c.OrphanWeight < 0 || c.Orphans < 0 || c.Rejects < 0:
		return errors.New("a limit of the mempool's memory is negative")
	case c.MaxChain < 1:
		return errors.New("the mempool's longest chain is not above 0")
	}
	return nil
}

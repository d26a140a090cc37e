package stempool

import (
	"errors"

	"github.com/btcsuite/btcd/blockchain"
)

// Rate is a budget: so much a second, at most so much saved up, and so much for an
// edge that is new; 0 = all that can be saved up.
type Rate struct{ PerSecond, Burst, First float64 }

// Config bounds what stems may cost.
type Config struct {
	// MaxCount and MaxBytes bound what one edge holds, and the node itself. Bytes
	// are of memory, as [Config.Memory] sums them up.
	MaxCount, MaxBytes int
	// TotalBytes is what all edges may hold together before those that hold more
	// than Share are refused more. The share is an edge's own whatever the others
	// do, as long as at most MaxEdges hold anything.
	TotalBytes, Share, MaxEdges int

	// Count, Bytes and Checks are what an edge may have looked at: transactions,
	// serialized bytes, signatures. The node's own are not budgeted.
	Count, Bytes, Checks Rate
}

// blockInterval is Bitcoin's, in seconds.
const blockInterval = 600

// DefaultConfig returns the numbers a node uses.
//
// A stem lasts seconds, so an edge at ten times Bitcoin's 7 transactions a second
// that leads into a black hole (mean embargo 16.6 s) holds about 1,000; they take
// 2 kB each. A share holds the largest standard transaction.
//
// An edge's signatures are those of all blocks there are, 80,000 in 600 s: no honest
// one needs more in the long run. At 100 µs each 64 hostile edges keep less than one
// core busy. What is saved up pays for the largest standard transaction (20,000, by
// btcd's policy); a new edge begins with a tenth, 0.2 s, or else a new identity
// would be the way to more. The same spam sent by gossip or announced has no such
// limit: the mempool validates as fast as a peer sends. Stems that pass are not paid
// for twice, as signatures found valid are remembered.
//
// 200 transactions and 200 kB a second bound the rest of the work, about 50 µs and
// 5 ns a byte: 1 % of a core.
func DefaultConfig() Config {
	return Config{
		MaxCount: 1000, MaxBytes: 2_000_000,
		TotalBytes: 64_000_000, Share: 500_000, MaxEdges: 128,
		Count:  Rate{PerSecond: 200, Burst: 400},
		Bytes:  Rate{PerSecond: 200_000, Burst: 1_000_000},
		Checks: Rate{PerSecond: blockchain.MaxBlockSigOpsCost / blockInterval, Burst: 20_000, First: 2000},
	}
}

// Memory is the most that a pool takes: 130 MB by [DefaultConfig], and then 128 edges
// hold a share of valid transactions each.
func (c Config) Memory() int { return c.MaxBytes + c.TotalBytes + c.MaxEdges*c.Share }

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.MaxCount < 1 || c.MaxBytes < 1 || c.MaxEdges < 1:
		return errors.New("stempool: an edge must be able to hold something")
	case c.Share < 0 || c.Share > c.MaxBytes:
		return errors.New("stempool: a share must be between 0 and what an edge may hold")
	case c.TotalBytes < c.MaxBytes:
		return errors.New("stempool: the total must not be below what one edge may hold")
	}
	for _, r := range []Rate{c.Count, c.Bytes, c.Checks} {
		if r.PerSecond <= 0 || r.Burst < 1 || r.First < 0 || r.Burst < r.First {
			return errors.New("stempool: a budget must grow and pay for one, and not begin with more than can be saved up")
		}
	}
	return nil
}

package blocksync

import (
	"errors"
	"math/big"
	"time"

	"github.com/pappus-network/pappus/blocksync/presync"
	"github.com/pappus-network/pappus/blocksync/schedule"
)

// Config holds the numbers of a [Sync].
type Config struct {
	Schedule schedule.Config
	Presync  presync.Config

	// MinChainWork is what a chain of headers must carry to be stored; nil or
	// 0: whatever our own best chain asks for.
	MinChainWork *big.Int

	// Poll is how long after a header exchange that brought something a peer
	// is asked again; QuietPoll after one that brought nothing. A quarter is
	// added at random.
	Poll, QuietPoll time.Duration
	// AskAgain is the shortest time between two questions that a peer causes
	// by announcing headers that connect to nothing we know.
	AskAgain time.Duration
	// Pullers is how many peers may send long runs of headers at once; others
	// wait for PullerPatience, then go on all the same.
	Pullers        int
	PullerPatience time.Duration
	// MaxUnconnected is how many times headers of a peer may connect to
	// nothing, although it was asked for those before, until it is charged.
	MaxUnconnected int

	// Rest is how long a stream for blocks is kept without a question.
	Rest time.Duration
	// RetryMin and RetryMax bound the time until a peer whose stream failed is
	// asked again; it doubles until the peer delivers something.
	RetryMin, RetryMax time.Duration

	// Withheld is how long nobody may deliver the next block before another
	// branch is fetched, if there is one, and Shun for how long that holds.
	Withheld, Shun time.Duration

	// Behind is how many blocks the tip may be below the best header without
	// the node being called syncing.
	Behind int32
}

// DefaultConfig returns the numbers a node uses.
func DefaultConfig() Config {
	return Config{
		Schedule: schedule.DefaultConfig(),
		Presync:  presync.DefaultConfig(),
		// A new block is announced; asking is for announcements that got lost.
		// A tenth of a block interval costs one stream and 100 bytes.
		Poll: time.Minute,
		// notes/hostile-peers.md H5: without progress one getheaders in 2 min.
		QuietPoll: 2 * time.Minute,
		AskAgain:  time.Second,
		// Each puller sends the same headers, 160 KB a message: three keep a
		// slow or hostile one from setting the pace and cost 3 × 72 MB for
		// 900,000 headers.
		Pullers:        3,
		PullerPatience: 10 * time.Second,
		// Core's MAX_NUM_UNCONNECTING_HEADERS_MSGS (net_processing.cpp) as it
		// was until v27, which stopped counting.
		MaxUnconnected: 10,
		// Shorter than the time after which a server closes an idle stream.
		Rest:     20 * time.Second,
		RetryMin: 100 * time.Millisecond, // two round trips: the peer may be the only one
		RetryMax: 5 * time.Minute,
		// notes/hostile-peers.md B1: a tip block within 10 s.
		Withheld: 10 * time.Second,
		Shun:     10 * time.Minute, // a block interval: who withholds must outdo the network again by then
		Behind:   6,                // an hour of blocks, as deep as payments wait for
	}
}

// Validate says what is wrong with the numbers, if anything.
func (c Config) Validate() error {
	switch {
	case c.Poll <= 0 || c.QuietPoll < c.Poll || c.AskAgain <= 0:
		return errors.New("blocksync: polls must be 0 < poll <= quiet poll, and ask again positive")
	case c.Pullers < 1 || c.PullerPatience <= 0:
		return errors.New("blocksync: there must be pullers and patience")
	case c.MaxUnconnected < 1:
		return errors.New("blocksync: unconnected headers must be allowed once at least")
	case c.Rest <= 0 || c.RetryMin <= 0 || c.RetryMax < c.RetryMin:
		return errors.New("blocksync: rest and retries must be positive, and 0 < min <= max")
	case c.Withheld <= 0 || c.Shun <= 0:
		return errors.New("blocksync: withheld and shun must be positive")
	case c.Behind < 0:
		return errors.New("blocksync: blocks behind must not be negative")
	}
	return c.Schedule.Validate()
}

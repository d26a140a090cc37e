package schedule

import (
	"errors"
	"time"
)

// Config holds the numbers of a [Schedule].
type Config struct {
	// Window is how many blocks above the last validated one may be asked for.
	Window int
	// Budget bounds the cost in bytes of blocks held, taken and under way.
	Budget int64
	// MinInFlight and MaxInFlight bound the blocks under way at one peer.
	MinInFlight, MaxInFlight int
	// Horizon is how long a peer is kept busy ahead, at its measured rate.
	Horizon time.Duration
	// StallMin and StallMax bound the stall time-out, which doubles with every
	// stall and decays with every validated block.
	StallMin, StallMax time.Duration
	// Penalty is how long a peer is put aside after its first stall; it
	// doubles with each further one, up to PenaltyMax.
	Penalty, PenaltyMax time.Duration
	// MaxDuplicates bounds the blocks that are under way at two peers at once.
	MaxDuplicates int
}

// DefaultConfig returns the numbers a node uses.
func DefaultConfig() Config {
	return Config{
		Window: 1024,     // Core's BLOCK_DOWNLOAD_WINDOW
		Budget: 64 << 20, // issue 2, part 7: memory for blocks in flight
		// Two: one on its way while the next one is being read.
		MinInFlight: 2,
		// 256 blocks keep a link with 50 ms busy with the smallest blocks at
		// 5,000 a second. More would be wasted when block sizes jump, because
		// a request cannot be taken back.
		MaxInFlight: 256,
		// Ten round trips of 50 ms. Shorter starves links when the host is
		// busy validating; longer spreads the window over more held blocks:
		// 3 peers × 10 MB/s × 0.5 s = 15 MB.
		Horizon:  500 * time.Millisecond,
		StallMin: 2 * time.Second,  // Core's BLOCK_STALLING_TIMEOUT_DEFAULT
		StallMax: 64 * time.Second, // Core's BLOCK_STALLING_TIMEOUT_MAX
		// Longer than the stall it punishes, short enough to use a peer again
		// whose link was merely interrupted.
		Penalty:    10 * time.Second,
		PenaltyMax: 10 * time.Minute,
		// Four blocks of 4 MB are a quarter of the budget in the worst case.
		MaxDuplicates: 4,
	}
}

// Validate says what is wrong with the numbers, if anything.
func (c Config) Validate() error {
	switch {
	case c.Window < 1:
		return errors.New("schedule: window must be at least one block")
	case c.Budget < 1:
		return errors.New("schedule: budget must be at least one byte")
	case c.MinInFlight < 1 || c.MaxInFlight < c.MinInFlight:
		return errors.New("schedule: in-flight bounds must be 1 <= min <= max")
	case c.Horizon <= 0:
		return errors.New("schedule: horizon must be positive")
	case c.StallMin <= 0 || c.StallMax < c.StallMin:
		return errors.New("schedule: stall bounds must be 0 < min <= max")
	case c.Penalty <= 0 || c.PenaltyMax < c.Penalty:
		return errors.New("schedule: penalty bounds must be 0 < first <= max")
	case c.MaxDuplicates < 0:
		return errors.New("schedule: duplicates must not be negative")
	}
	return nil
}

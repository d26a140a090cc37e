package discovery

import (
	"fmt"
	"time"
)

// Config is plain data; it says how a [Finder] finds.
type Config struct {
	// Outbound is how many links the finder opens by itself; 0 = it only learns
	// and answers.
	Outbound int
	// Dials is how many dials may be under way.
	Dials int
	// Pause is the time between two dials while links are wanting; Rest how long
	// the finder waits when the book has nothing to dial.
	Pause, Rest time.Duration
	// Again is how long after it was asked a peer is asked again, while links are
	// wanting and the book has nothing to dial.
	Again time.Duration
	// Timeout is how long a dial may take.
	Timeout time.Duration
	// Feeler is the time between two feelers.
	Feeler time.Duration
	// Save is the time between two writes: what a crash forgets.
	Save time.Duration
	// Cache is how long one answer to getaddr serves all who ask.
	Cache time.Duration
	// SharedHosts: see addrbook.Config. For private networks.
	SharedHosts bool
}

// DefaultConfig returns Bitcoin Core's numbers: 8 full and 2 block-relay-only links,
// two dials a second, a feeler every two minutes, an answer for about a day.
func DefaultConfig() Config {
	return Config{
		Outbound: 10, Dials: 4, Pause: time.Second / 2, Rest: 30 * time.Second, Again: 5 * time.Minute, Timeout: 15 * time.Second,
		Feeler: 2 * time.Minute, Save: time.Minute, Cache: 24 * time.Hour,
	}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.Outbound < 0:
		return fmt.Errorf("%d outbound links", c.Outbound)
	case c.Dials < 1:
		return fmt.Errorf("%d dials at a time", c.Dials)
	case c.Pause <= 0 || c.Rest <= 0 || c.Again <= 0 || c.Timeout <= 0 || c.Feeler <= 0 || c.Save <= 0 || c.Cache <= 0:
		return fmt.Errorf("a time that is not above 0: pause %v, rest %v, again %v, time-out %v, feeler %v, save %v, cache %v",
			c.Pause, c.Rest, c.Again, c.Timeout, c.Feeler, c.Save, c.Cache)
	}
	return nil
}

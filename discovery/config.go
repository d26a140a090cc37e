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
	// BlockRelay is how many of these carry blocks alone: no transactions, no addresses.
	// They hide part of the node's links from whoever watches what it relays.
	BlockRelay int
	// Dials is how many dials may be under way.
	Dials int
	// Pause is the time between two dials while links are wanting; Rest how long
	// the finder waits when the book has nothing to dial.
	Pause, Rest time.Duration
	// Soon is how long after it was asked a peer is asked again, while links are wanting;
	// twice as long each time, up to Again. An answer that is no news takes 25 bytes.
	Soon, Again time.Duration
	// Connect is how long a connection may take, Timeout how long that and the handshake.
	Connect, Timeout time.Duration
	// Feeler is the time between two feelers.
	Feeler time.Duration
	// Save is the time between two writes: what a crash forgets.
	Save time.Duration
	// Cache is how long one answer to getaddr serves all who ask.
	Cache time.Duration
	// SharedHosts: see addrbook.Config. For private networks.
	SharedHosts bool
}

// DefaultConfig returns Bitcoin Core's numbers: 8 full and 2 block-relay-only links, 5 s
// for a connection, a feeler every two minutes, an answer for about a day. Core dials
// twice a second; four times are 12 ms of CPU, and when half of all peers have vanished
// it takes some thirty dials to have ten links. That a peer is asked again is ours: in a
// network that grows, its first answer is nearly empty.
func DefaultConfig() Config {
	return Config{
		Outbound: 10, BlockRelay: 2, Dials: 16, Pause: time.Second / 4, Rest: 10 * time.Second, Soon: 10 * time.Second, Again: 5 * time.Minute,
		Connect: 5 * time.Second, Timeout: 15 * time.Second,
		Feeler: 2 * time.Minute, Save: time.Minute, Cache: 24 * time.Hour,
	}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.Outbound < 0:
		return fmt.Errorf("%d outbound links", c.Outbound)
	case c.BlockRelay < 0 || c.BlockRelay > c.Outbound:
		return fmt.Errorf("%d of %d outbound links for blocks alone", c.BlockRelay, c.Outbound)
	case c.Dials < 1:
		return fmt.Errorf("%d dials at a time", c.Dials)
	case c.Pause <= 0 || c.Rest <= 0 || c.Soon <= 0 || c.Again < c.Soon || c.Connect <= 0 || c.Timeout < c.Connect || c.Feeler <= 0 || c.Save <= 0 || c.Cache <= 0:
		return fmt.Errorf("a time that is not above 0, or a later one before an earlier: pause %v, rest %v, soon %v, again %v, connect %v, time-out %v, feeler %v, save %v, cache %v",
			c.Pause, c.Rest, c.Soon, c.Again, c.Connect, c.Timeout, c.Feeler, c.Save, c.Cache)
	}
	return nil
}

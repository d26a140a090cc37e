package addrbook

import (
	"errors"
	"fmt"
	"time"
)

// What one entry may hold. With a record and four addresses at their limits an
// entry takes 1.7 KB; 80,000 of them, 140 MB, are what full tables can cost at
// most. A usual one, two addresses and an Ed25519 signature, takes 450 bytes.
const (
	// MaxAddrs is the most multiaddrs of one host: TCP and QUIC, each on a
	// second port.
	MaxAddrs = 4
	// MaxAddr is the longest multiaddr in bytes. /ip6/…/udp/…/quic-v1 has 24.
	MaxAddr = 64
	// MaxRecord is the longest signed record in bytes that is kept; the entry of
	// a longer one counts as unsigned. With an Ed25519 key and eight addresses it has 400.
	MaxRecord = 1024
	// MaxPeerID is the longest peer id in bytes: a hash of 64 and its header.
	MaxPeerID = 66
)

// Config holds a book's numbers. The sizes of the tables must not change in the
// life of a stored book without need: entries move and some are lost.
type Config struct {
	NewBuckets   int // of the new table
	TriedBuckets int // of the tried table
	Slots        int // of a bucket

	// SourceBuckets is in how many buckets of new one source group can place
	// entries; GroupBuckets in how many of tried one address group can.
	SourceBuckets, GroupBuckets int
	// Sources is in how many slots of new an entry can be, each for a source
	// group that told of it.
	Sources int

	// Horizon is how long after it was last seen an entry is worth a dial.
	Horizon time.Duration
	// Contests is how many entries may wait to take a slot of tried at a time.
	Contests int
	// TestWindow is how long a contest waits for the dial that settles it.
	TestWindow time.Duration

	// SharedHosts gives every port of a host a slot and a netgroup of its own. It
	// is for private networks, where many nodes share few addresses; on a public
	// one it undoes what this package is for.
	SharedHosts bool
}

// DefaultConfig returns Bitcoin Core's numbers (addrman.h, addrman_impl.h).
func DefaultConfig() Config {
	return Config{
		NewBuckets: 1024, TriedBuckets: 256, Slots: 64, // 655 KB of pointers
		SourceBuckets: 64, GroupBuckets: 8, Sources: 8,
		Horizon: 30 * 24 * time.Hour,
		// One feeler in two minutes settles ten contests in twenty.
		Contests: 10, TestWindow: 40 * time.Minute,
	}
}

// maxSlots bounds a table: a million slots take 8 MB before there is an entry.
const maxSlots = 1 << 20

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.NewBuckets < 1 || c.TriedBuckets < 1 || c.Slots < 1:
		return errors.New("a table without a slot")
	case c.NewBuckets > maxSlots/c.Slots || c.TriedBuckets > maxSlots/c.Slots:
		return fmt.Errorf("a table of more than %d slots", maxSlots)
	case c.SourceBuckets < 1 || c.GroupBuckets < 1:
		return errors.New("a netgroup without a bucket")
	case c.Sources < 1 || c.Sources > maxSources:
		return fmt.Errorf("%d sources of an entry: there must be 1 to %d", c.Sources, maxSources)
	case c.Horizon <= 0:
		return fmt.Errorf("horizon %v is not above 0", c.Horizon)
	case c.Contests < 0:
		return fmt.Errorf("%d contests", c.Contests)
	case c.TestWindow <= 0:
		return fmt.Errorf("test window %v is not above 0", c.TestWindow)
	}
	return nil
}

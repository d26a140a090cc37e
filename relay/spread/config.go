package spread

import (
	"errors"
	"time"
)

const (
	// rememberedTxs is how many transactions the row holds at most, those whose
	// turn has come included: a minute's worth at 1,000 a second, which is how
	// long Core waits for an answer before it asks somebody else. It costs 4.7 MB
	// when full, for all peers together (entry 40 bytes, index 32).
	rememberedTxs = 1 << 16

	// rememberedFor is how long a transaction stays in the row after it was
	// added. A peer that has been told may ask four silent ones for a minute
	// each before us.
	rememberedFor = 5 * time.Minute

	// knownTxs bounds one of the two generations of what a peer claims to know
	// and we have not added. A peer that fills both costs 190 kB; what is
	// forgotten costs 36 bytes on the wire, an announcement in vain. Both hold
	// what is remembered of a peer's announcements (relay/ask).
	knownTxs = 2500
)

// Config holds the numbers of a [Schedule].
type Config struct {
	// Flood announces everything to everybody after Delay; otherwise Outbound
	// and Inbound are the means of the timers' exponential delays.
	Flood             bool
	Delay             time.Duration
	Outbound, Inbound time.Duration
	// Remembered is how long a transaction is known to have been announced, and may
	// be served, after it was added.
	Remembered time.Duration
	// MaxQueue is how many of the newest transactions wait for a timer. Older
	// ones are dropped.
	MaxQueue int
	// MaxBatch is how many transactions one [Batch] holds.
	MaxBatch int
}

// Flooding returns the settings of flooding.
func Flooding() Config {
	c := common()
	c.Flood = true
	// What Bitcoin waited before its delays became random (mechanism 75).
	c.Delay = 200 * time.Millisecond
	return c
}

// Diffusion returns the settings of diffusion.
func Diffusion() Config {
	c := common()
	// OUTBOUND_INVENTORY_BROADCAST_INTERVAL and INBOUND_INVENTORY_BROADCAST_INTERVAL
	// of Core's net_processing.cpp. Outbound peers are harder to choose for a spy.
	c.Outbound, c.Inbound = 2*time.Second, 5*time.Second
	return c
}

func common() Config {
	return Config{
		Remembered: rememberedFor,
		// What a peer that is Core remembers of ours (MAX_PEER_TX_ANNOUNCEMENTS).
		// Sorting it takes 0.5 ms; 1,000 a second fill it in an inbound timer's mean.
		MaxQueue: 5000,
		// The most that a message of the announce protocol holds: 36 kB.
		MaxBatch: 1024,
	}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.Flood && c.Delay < 0:
		return errors.New("the delay of flooding is negative")
	case !c.Flood && (c.Outbound <= 0 || c.Inbound <= 0):
		return errors.New("a mean delay of diffusion is not positive")
	case c.Remembered <= 0:
		return errors.New("no transaction is remembered")
	case c.MaxQueue < 1:
		return errors.New("no transaction may wait to be announced")
	case c.MaxBatch < 1:
		return errors.New("a batch may hold no transaction")
	}
	return nil
}

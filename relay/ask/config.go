package ask

import (
	"errors"
	"time"
)

// Config holds the numbers of a [Tracker].
type Config struct {
	// Timeout is how long a peer may take to send a transaction.
	Timeout time.Duration
	// InFlight is how many transactions one peer is asked for at a time.
	InFlight int
	// Remembered is how many offers of one peer are kept, until their
	// transactions are known or have failed everywhere.
	Remembered int
	// InboundDelay is how long an offer of an inbound peer waits for one of an
	// outbound peer.
	InboundDelay time.Duration
}

// DefaultConfig returns the numbers of Bitcoin Core's txdownloadman.h.
func DefaultConfig() Config {
	return Config{
		// GETDATA_TX_INTERVAL. It is also the most by which one peer that never
		// delivers delays a transaction.
		Timeout: time.Minute,
		// MAX_PEER_TX_REQUEST_IN_FLIGHT: a peer 100 ms away sends 1,000 a second.
		InFlight: 100,
		// MAX_PEER_TX_ANNOUNCEMENTS. A peer that offers as many that nobody else
		// does costs 1.1 MB.
		Remembered: 5000,
		// NONPREF_PEER_TX_DELAY. An attacker makes any number of inbound links,
		// but hardly an outbound one.
		InboundDelay: 2 * time.Second,
	}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.Timeout <= 0:
		return errors.New("the time-out of a transaction that was asked for is not positive")
	case c.InFlight < 1:
		return errors.New("no transaction may be asked for")
	case c.Remembered < 1:
		return errors.New("no announcement may be remembered")
	case c.InboundDelay < 0:
		return errors.New("the delay of inbound peers is negative")
	}
	return nil
}

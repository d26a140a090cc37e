package dandelion

import (
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Action is something to do. The set is closed: [Stem], [Fluff], [Wait].
type Action interface{ action() }

// Stem hands a transaction to one peer.
type Stem struct {
	Tx    chainhash.Hash
	To    peer.ID
	Until time.Time // end of the embargo, which this node keeps to itself
}

// Fluff ends a stem here. The router has forgotten the transaction.
type Fluff struct {
	Tx chainhash.Hash
	// Except is the peer that the transaction came from, "" for none: told of
	// the fluff first, it would learn where the stem went (monero #9334).
	Except peer.ID
	Cause  Cause
}

// Wait keeps a transaction until there is a peer to hand it to, or until its
// embargo ends.
type Wait struct {
	Tx    chainhash.Hash
	Until time.Time
}

func (Stem) action()  {}
func (Fluff) action() {}
func (Wait) action()  {}

// Cause is why a stem ended.
type Cause int

// The causes there are.
const (
	Diffuser Cause = iota // this node is one, for the epoch
	Chosen                // drawn for this transaction, with [PerHop]
	Loop                  // it came back in its stem
	Embargo               // nobody has fluffed it in time
	NoPeer                // both stem peers are gone or refuse it
)

// String returns the cause's name as metrics and the journal have it.
func (c Cause) String() string {
	switch c {
	case Diffuser:
		return "diffuser"
	case Chosen:
		return "chosen"
	case Loop:
		return "loop"
	case Embargo:
		return "embargo"
	case NoPeer:
		return "no_peer"
	}
	return "unknown"
}

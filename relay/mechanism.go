package relay

import (
	"context"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Kind names a way to spread transactions.
type Kind string

// The ways there are.
const (
	Dandelion Kind = "dandelion" // stem, then fluff by another kind
	Gossip    Kind = "gossip"    // gossipsub
	Diffusion Kind = "diffusion" // announce after a random delay per peer
	Flood     Kind = "flood"     // announce after one constant delay
)

// Mechanism is one way to spread transactions. It is safe for concurrent use.
type Mechanism interface {
	audience
	entrance
	// Spread makes everybody but the given peers know of a transaction that is
	// in the mempool.
	Spread(tx *btcutil.Tx, except ...peer.ID)
	// Serves says whether the peer may have a transaction of the mempool: it
	// was told of it, or everybody was.
	Serves(p peer.ID, tx chainhash.Hash) bool
	// Run works until ctx ends.
	Run(ctx context.Context) error
}

// entrance takes what does not spread yet.
type entrance interface {
	// Originate takes a transaction of the operator's own.
	Originate(ctx context.Context, tx *btcutil.Tx) error
	// Stemmed takes a transaction that a peer sent as a stem. The error is for
	// the peer if it is its fault, and nothing of anything else shows.
	Stemmed(ctx context.Context, from peer.ID, tx *btcutil.Tx) error
}

// audience is told of peers that come and go.
type audience interface {
	Join(p peer.ID, l Link)
	Leave(p peer.ID)
}

package devnet

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/events"
)

// engine is a node that runs, as the network drives it: in this process or in one of its
// own. It is safe for concurrent use.
type engine interface {
	linker
	ledger
	dashboard.Node
	// Picture returns the node and the links that it has dialled; all are named by their
	// peer ids.
	Picture(ctx context.Context) (dashboard.Dot, []dashboard.Edge, error)
	// Follow tells what happens in the node from the moment on that begun is called, in
	// order, until ctx or the node ends.
	Follow(ctx context.Context, begun func(), tell func(time.Time, events.Event)) error
}

// linker is a node's place in the network.
type linker interface {
	// Addr is where others reach the node.
	Addr() peer.AddrInfo
	// Linked returns whom the node is linked with.
	Linked(ctx context.Context) (map[peer.ID]bool, error)
	// Dial opens a link. That it could not be opened before counts for nothing.
	Dial(ctx context.Context, to peer.AddrInfo) error
	// Refuse keeps these peers out, and ends links with them; all others may come in.
	Refuse(ctx context.Context, peers map[peer.ID]bool) error
}

// ledger is a node's chain and what waits for it.
type ledger interface {
	Tip(ctx context.Context) (tip, error)
	// Block returns one that the node has.
	Block(ctx context.Context, hash chainhash.Hash) (*btcutil.Block, error)
	// Mine finds blocks that pay to a key.
	Mine(ctx context.Context, to *key, count int) ([]chainhash.Hash, error)
	// Settle finds a block with one transaction.
	Settle(ctx context.Context, to *key, tx *btcutil.Tx) (chainhash.Hash, error)
	// Submit makes a transaction of the node's own travel.
	Submit(ctx context.Context, tx *btcutil.Tx) error
}

// tip is how far a node has come.
type tip struct {
	hash   chainhash.Hash
	height int32
	behind bool // it is fetching blocks still
}

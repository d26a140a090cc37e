package node

import (
	"context"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/objects"
)

// fetchTimeout is how long a block is waited for that the operator fetches by hand: 4 MB at
// the least rate that peers are asked to keep. Source: the objects protocol.
const fetchTimeout = time.Minute

// wires acts on all connections at once.
type wires struct{ node *Node }

// Totals implements api.Wires.
func (w wires) Totals() (sent, received uint64) {
	if w.node.traffic == nil {
		return 0, 0
	}
	t := w.node.traffic.GetBandwidthTotals()
	return uint64(t.TotalOut), uint64(t.TotalIn) // counters
}

// Ping implements api.Wires.
func (w wires) Ping() { w.node.pings.all() }

// SetActive implements api.Wires.
func (w wires) SetActive(active bool) {
	w.node.gater.shut.Store(!active)
	if active {
		return
	}
	for _, p := range w.node.host.Network().Peers() {
		w.node.peers.disconnect(p, events.Requested)
	}
}

// Active implements api.Wires.
func (w wires) Active() bool { return !w.node.gater.shut.Load() }

// FetchBlock implements api.Wires.
func (w wires) FetchBlock(ctx context.Context, from peer.ID, hash chainhash.Hash) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	session, err := objects.NewClient(w.node.host, w.node.params).Open(ctx, from)
	if err != nil {
		return fmt.Errorf("ask the peer: %w", err)
	}
	defer func() { _ = session.Close() }() // what was asked for is here, or the peer is at fault
	if err := session.Request(ctx, []chainhash.Hash{hash}); err != nil {
		return fmt.Errorf("ask the peer: %w", err)
	}
	r, err := session.Next(ctx)
	if err != nil {
		return fmt.Errorf("fetch the block: %w", err)
	}
	if r.Block == nil {
		return fmt.Errorf("the peer does not have block %v", hash)
	}
	return backend(w).SubmitBlock(r.Block)
}

package relay

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// reconcileMean is how often one peer, drawn at random, is asked which transactions
// wait with it: exponential. An answer has at most 1,024 ids, 37 kB, so that all
// nodes together spend 2.5 kB/s each at the most. 15 s is about the mean of an
// embargo: what a stem's end has not brought to a node comes this way soon after.
const reconcileMean = 15 * time.Second

// Inventory asks a peer which transactions wait with it.
type Inventory interface {
	Mempool(ctx context.Context, p peer.ID) ([]chainhash.Hash, error)
}

// reconcile asks peers for their mempools until ctx ends. Every node does so alike
// and names no transaction, so that it tells nothing of what the node holds or waits
// for; it brings newcomers what was spread before they came, closes the gaps that a
// full queue has left, and shows owners that others have theirs.
func (r *Relay) reconcile(ctx context.Context) error {
	rng := rand.New(r.src)
	for {
		pause := time.NewTimer(time.Duration(rng.ExpFloat64() * float64(reconcileMean)))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
		p, ok := r.links.draw(rng)
		if !ok {
			continue
		}
		txs, err := r.inventory.Mempool(ctx, p)
		if err != nil {
			if ctx.Err() == nil {
				r.charge(p, err)
			}
			continue
		}
		r.Inventory(p, txs)
	}
}

package relay

import (
	"context"
	"sync"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Publisher gossips a transaction, unless gossip has brought it already; not to the
// excepted peer if there are others.
type Publisher interface {
	PublishTx(ctx context.Context, tx *btcutil.Tx, except peer.ID) error
}

// maxQueued bounds the transactions that wait for somebody to gossip to, the last are kept:
// a mempool of usual ones, 5 MB. Peers that come ask for the mempool anyway.
const maxQueued = 1 << 16

// gossiping spreads by gossipsub. What gossip brings it forwards by itself; what
// came otherwise is published.
type gossiping struct {
	intake *intake
	gossip Publisher
	wake   chan struct{} // queue has grown

	mu    sync.Mutex
	queue []published // pubsub holds its caller up
}

// published is a transaction to gossip, and whom not to tell of it.
type published struct {
	tx     chainhash.Hash
	except peer.ID
}

func newGossiping(in *intake, gossip Publisher) *gossiping {
	return &gossiping{intake: in, gossip: gossip, wake: make(chan struct{}, 1)}
}

// Run publishes until ctx ends.
func (g *gossiping) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-g.wake:
		}
		for _, p := range g.waiting() {
			tx, ok := g.intake.pool.Tx(p.tx)
			if !ok {
				continue // mined or replaced meanwhile
			}
			if err := g.gossip.PublishTx(ctx, tx, p.except); err != nil && ctx.Err() == nil {
				g.intake.log.WarnContext(ctx, "transaction is not published", "tx", p.tx, "err", err)
			}
		}
	}
}

func (g *gossiping) waiting() []published {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := g.queue
	g.queue = nil
	return all
}

// Originate implements [Mechanism].
func (g *gossiping) Originate(_ context.Context, tx *btcutil.Tx) error { return g.intake.own(tx) }

// Stemmed implements [Mechanism]: for one who has no stem it ends here.
func (g *gossiping) Stemmed(_ context.Context, from peer.ID, tx *btcutil.Tx) error {
	return g.intake.take(from, tx)
}

// Spread implements [Mechanism]. gossipsub knows by itself who has gossiped it, but not
// who has brought it in its stem.
func (g *gossiping) Spread(tx *btcutil.Tx, except ...peer.ID) {
	p := published{tx: *tx.Hash()}
	if len(except) > 0 {
		p.except = except[0]
	}
	g.mu.Lock()
	g.queue = append(g.queue, p)
	if len(g.queue) > maxQueued {
		g.queue = g.queue[len(g.queue)-maxQueued:]
	}
	g.mu.Unlock()
	nudge(g.wake)
}

// Serves implements [Mechanism]: what is in the mempool has been published.
func (g *gossiping) Serves(peer.ID, chainhash.Hash) bool { return true }

// Join implements [Mechanism].
func (g *gossiping) Join(peer.ID, Link) {}

// Leave implements [Mechanism].
func (g *gossiping) Leave(peer.ID) {}

package relay

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/relay/spread"
)

// publicAfter is when a transaction of the mempool is no secret any more: by
// then the last of 125 exponential timers with a mean of 5 s has run out but
// for one in 1,300 (125·e^(−60/5)).
const publicAfter = time.Minute

// Announcer tells a peer of transactions by their ids. It never blocks.
type Announcer interface {
	Inventory(p peer.ID, txs []chainhash.Hash)
}

// announcing spreads by announcing ids on long-lived streams, at the times that
// a schedule says: flooding and diffusion differ in nothing else. Who wants a
// transaction asks for it.
type announcing struct {
	intake   *intake
	announce Announcer
	wake     chan struct{} // the schedule's next time may have changed

	mu       sync.Mutex
	schedule *spread.Schedule
}

func newAnnouncing(cfg spread.Config, in *intake, announce Announcer, src rand.Source) *announcing {
	return &announcing{
		intake: in, announce: announce, wake: make(chan struct{}, 1),
		schedule: spread.New(cfg, src, time.Now()),
	}
}

// Run announces what is due until ctx ends.
func (a *announcing) Run(ctx context.Context) error {
	return alarm(ctx, a.wake, func(now time.Time) time.Time {
		a.mu.Lock()
		batches := a.schedule.Tick(now)
		next := a.schedule.Next()
		a.mu.Unlock()
		for _, b := range batches {
			if txs := a.intake.present(b.Txs); len(txs) > 0 {
				a.announce.Inventory(b.To, txs)
			}
		}
		return next
	})
}

// Originate implements [Mechanism].
func (a *announcing) Originate(_ context.Context, tx *btcutil.Tx) error {
	return a.intake.own(tx)
}

// Stemmed implements [Mechanism]: for one who has no stem it ends here.
func (a *announcing) Stemmed(_ context.Context, from peer.ID, tx *btcutil.Tx) error {
	return a.intake.take(from, tx)
}

// Spread implements [Mechanism].
func (a *announcing) Spread(tx *btcutil.Tx, except ...peer.ID) {
	a.mu.Lock()
	a.schedule.Add(time.Now(), *tx.Hash(), except...)
	a.mu.Unlock()
	nudge(a.wake)
}

// knows notes that a peer has told us of transactions.
func (a *announcing) knows(p peer.ID, txs []chainhash.Hash) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, tx := range txs {
		a.schedule.Knows(p, tx)
	}
}

// Serves implements [Mechanism]. Whoever asks before its turn would learn when
// we got the transaction, which the delays are there to hide.
func (a *announcing) Serves(p peer.ID, tx chainhash.Hash) bool {
	a.mu.Lock()
	told := a.schedule.Told(p, tx)
	a.mu.Unlock()
	return told || a.intake.age(tx) > publicAfter
}

// Join implements [Mechanism].
func (a *announcing) Join(p peer.ID, l Link) {
	a.mu.Lock()
	a.schedule.Join(time.Now(), p, l.Inbound)
	a.mu.Unlock()
	nudge(a.wake)
}

// Leave implements [Mechanism].
func (a *announcing) Leave(p peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.schedule.Leave(p)
}

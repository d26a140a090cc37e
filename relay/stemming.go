package relay

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/relay/journal"
	"github.com/pappus-network/pappus/relay/stempool"
)

// Stemmer hands a transaction to one peer on a stem stream. It never blocks, and
// calls failed at most once and later, if the transaction could not be written.
type Stemmer interface {
	Send(p peer.ID, raw []byte, failed func(error))
}

// stemming is Dandelion: a stem by package dandelion's choices, then a fluff by
// another mechanism. The stempool and the router are guarded by one lock, under
// which transactions are validated and nothing is sent.
type stemming struct {
	intake *intake
	own    *journal.Journal
	stem   Stemmer
	fluff  Mechanism
	emit   func(events.Event)
	wake   chan struct{} // the router's next time may have changed
	hear   chan struct{} // ended has grown
	ended  ended
	// turn is held by the one of all peers' transactions that is next to be validated, so
	// that an own one, or the end of an embargo, waits for one at most.
	turn chan struct{}

	shelf   *stempool.Shelf
	longest time.Duration // an embargo lasts

	mu     sync.Mutex
	router *dandelion.Router
	stems  *stempool.Pool
	links  map[peer.ID]Link
}

func newStemming(cfg dandelion.Config, in *intake, own *journal.Journal, stem Stemmer, fluff Mechanism, stems *stempool.Pool, shelf *stempool.Shelf, src rand.Source) *stemming {
	return &stemming{
		intake: in, own: own, stem: stem, fluff: fluff, emit: in.emit, wake: make(chan struct{}, 1),
		hear: make(chan struct{}, 1), turn: make(chan struct{}, 1),
		shelf: shelf, longest: longestEmbargo * cfg.Embargo,
		router: dandelion.NewRouter(cfg, src, time.Now()), stems: stems, links: make(map[peer.ID]Link),
	}
}

// Run rings when embargoes and epochs end, until ctx does.
func (s *stemming) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.flush(ctx) })
	group.Go(func() error {
		return alarm(ctx, s.hear, func(time.Time) (never time.Time) {
			s.lock()
			defer s.mu.Unlock()
			return never
		})
	})
	group.Go(func() error {
		return alarm(ctx, s.wake, func(now time.Time) time.Time {
			s.lock()
			actions := s.router.Tick(now)
			s.mu.Unlock()
			s.act(actions)
			s.lock()
			defer s.mu.Unlock()
			return s.router.Next()
		})
	})
	return group.Wait()
}

// lock takes the lock and first ends the stems that others have ended. Whoever tells of
// those cannot wait for a validation, as all that gossip brings would wait with it.
func (s *stemming) lock() {
	s.mu.Lock()
	for _, tx := range s.ended.take() {
		if s.stems.Len() > 0 {
			s.end(tx)
		}
	}
}

// holdsOwn says whether a transaction of the operator's is in its stem.
func (s *stemming) holdsOwn(tx chainhash.Hash) bool {
	s.lock()
	defer s.mu.Unlock()
	return s.stems.HoldsOwn(tx)
}

// now is what [Relay.Stems] returns.
func (s *stemming) now() (to []peer.ID, held int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.router.Stems(), s.stems.Len()
}

// Originate implements [Mechanism]. An own transaction enters the stempool by the
// same check as anybody's and leaves by the same stream.
func (s *stemming) Originate(ctx context.Context, tx *btcutil.Tx) error {
	s.lock()
	now := time.Now()
	if err := s.stems.Add(now, tx, ""); err != nil {
		s.mu.Unlock()
		return err
	}
	actions := s.router.Submit(now, *tx.Hash())
	s.keep(*tx.Hash(), tx)
	s.mu.Unlock()
	if err := s.shelf.Flush(ctx); err != nil {
		s.lock()
		defer s.mu.Unlock()
		s.stems.Drop(*tx.Hash())
		s.router.Seen(*tx.Hash())
		s.shelf.Delete(*tx.Hash())
		return err
	}
	s.act(actions)
	return nil
}

// Stemmed implements [Mechanism].
func (s *stemming) Stemmed(ctx context.Context, from peer.ID, tx *btcutil.Tx) error {
	hash := *tx.Hash()
	if s.intake.pool.Have(hash) {
		return nil // fluffed already; the answer is the same silence
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil // we are stopping, or the peer has left: nobody's fault
	}
	s.lock()
	<-s.turn // the next one may wait for the lock
	now := time.Now()
	if err := s.stems.Add(now, tx, from); err != nil {
		s.mu.Unlock()
		s.emit(events.TxRefused{Tx: hash, Reason: reasonOf(err)})
		return blame(from, err)
	}
	actions := s.router.Relay(now, hash, from)
	s.keep(hash, tx)
	s.mu.Unlock()
	s.act(actions)
	return nil
}

// busy says whether anything is in its stem.
func (s *stemming) busy() bool {
	s.lock()
	defer s.mu.Unlock()
	return s.stems.Len() > 0
}

// Spread implements [Mechanism].
func (s *stemming) Spread(tx *btcutil.Tx, except ...peer.ID) { s.fluff.Spread(tx, except...) }

// Serves implements [Mechanism]. The stempool is not asked: it serves nobody.
func (s *stemming) Serves(p peer.ID, tx chainhash.Hash) bool { return s.fluff.Serves(p, tx) }

// Join implements [Mechanism].
func (s *stemming) Join(p peer.ID, l Link) {
	s.fluff.Join(p, l)
	s.relink(func() { s.links[p] = l })
}

// Leave implements [Mechanism].
func (s *stemming) Leave(p peer.ID) {
	s.fluff.Leave(p)
	s.relink(func() {
		delete(s.links, p)
		s.stems.Leave(p)
	})
}

// relink changes the links and tells the router of those that a stem may take:
// to full nodes that we dialled ourselves.
func (s *stemming) relink(change func()) {
	s.lock()
	change()
	var outbound []dandelion.Peer
	for p, l := range s.links {
		if !l.Inbound && l.Full {
			outbound = append(outbound, dandelion.Peer{ID: p, Group: l.Group})
		}
	}
	slices.SortFunc(outbound, func(a, b dandelion.Peer) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	actions := s.router.SetPeers(time.Now(), outbound)
	s.mu.Unlock()
	s.act(actions)
	nudge(s.wake)
}

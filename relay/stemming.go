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

// longestEmbargo bounds a restored embargo, in means: an exponential one lasts longer once
// in 5·10⁸. What was written by a clock that ran ahead, or is read by one that is behind,
// as on a machine without a battery, would be held for as long as the clocks differ.
const longestEmbargo = 20

// flushEvery is what a crash may lose of others' stems, whose senders hold them
// under embargoes of their own. Own ones are on disk before they are sent.
const flushEvery = time.Second

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

// end is what [stemming.seen] promises, under mu.
func (s *stemming) end(tx *btcutil.Tx) {
	if _, held := s.stems.Get(*tx.Hash()); held {
		s.shelf.Delete(*tx.Hash())
	}
	s.router.Seen(*tx.Hash())
	for _, hash := range s.stems.Fluffed(tx) {
		s.router.Seen(hash)
		s.shelf.Delete(hash)
		s.own.Dropped(time.Now(), hash, string(events.ConflictTx))
	}
}

// flush writes the shelf every second until ctx ends, and once more then.
func (s *stemming) flush(ctx context.Context) error {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.shelf.Flush(context.WithoutCancel(ctx))
		case <-ticker.C:
			if err := s.shelf.Flush(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// restore takes back what was in its stem when the node stopped, as far as it is
// valid still, and returns how many are not.
func (s *stemming) restore(records []stempool.Record) (count int) {
	s.lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, r := range records {
		if err := s.stems.Restore(now, r.Tx, r.Held.From); err != nil {
			s.shelf.Delete(r.Held.Tx)
			if why := lost(err); why != "" {
				count++
				if r.Held.From == "" {
					s.own.Dropped(now, r.Held.Tx, string(why))
				}
			}
			continue
		}
		if latest := now.Add(s.longest); r.Held.Until.After(latest) {
			r.Held.Until = latest
		}
		s.router.Restore([]dandelion.Held{r.Held})
		if r.Held.From == "" {
			s.own.Resumed(r.Held.Tx, r.Held.Until, r.Held.Stemmed)
		}
	}
	nudge(s.wake)
	return count
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

// abort takes an own transaction back and says whether it was in its stem.
func (s *stemming) abort(tx chainhash.Hash) bool {
	s.lock()
	if !s.stems.HoldsOwn(tx) {
		s.mu.Unlock()
		return false
	}
	gone := s.stems.Drop(tx)
	for _, hash := range gone {
		s.router.Seen(hash)
		s.shelf.Delete(hash)
	}
	s.mu.Unlock()
	for _, hash := range gone {
		s.own.Dropped(time.Now(), hash, "aborted")
	}
	return true
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

// keep puts what the router holds on the shelf, under mu.
func (s *stemming) keep(hash chainhash.Hash, tx *btcutil.Tx) {
	held, ok := s.router.Held(hash)
	if !ok {
		return
	}
	if raw, err := serialize(tx); err == nil {
		s.shelf.Put(held, raw)
	}
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

// act carries out what the router says.
func (s *stemming) act(actions []dandelion.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case dandelion.Stem:
			s.send(a)
		case dandelion.Fluff:
			s.emit(events.TxFluffed{Tx: a.Tx, Cause: a.Cause.String()})
			s.release(a.Tx, a.Except, a.Cause.String())
		case dandelion.Wait:
			s.own.Waiting(a.Tx, a.Until)
		}
	}
	if len(actions) > 0 {
		nudge(s.wake)
	}
}

// send hands a transaction to the next peer of its stem.
func (s *stemming) send(a dandelion.Stem) {
	s.lock()
	tx, ok := s.stems.Get(a.Tx)
	if ok {
		s.keep(a.Tx, tx) // it is not handed on again after a restart
	}
	s.mu.Unlock()
	if !ok {
		return // fluffed meanwhile
	}
	raw, err := serialize(tx)
	if err != nil {
		s.failed(a.Tx, a.To)
		return
	}
	s.own.Stemmed(time.Now(), a.Tx, a.Until)
	s.emit(events.TxStemmed{Tx: a.Tx, To: a.To})
	s.stem.Send(a.To, raw, func(error) { s.failed(a.Tx, a.To) })
}

// failed tries the other stem, or fluffs.
func (s *stemming) failed(tx chainhash.Hash, to peer.ID) {
	s.lock()
	actions := s.router.Failed(time.Now(), tx, to)
	s.mu.Unlock()
	s.act(actions)
}

// release ends a stem here: what a transaction spends from its stempool first,
// then itself, goes into the mempool and spreads.
func (s *stemming) release(hash chainhash.Hash, except peer.ID, cause string) {
	for _, tx := range s.lineage(hash) {
		if *tx.Hash() != hash {
			s.lock()
			s.router.Seen(*tx.Hash())
			s.mu.Unlock()
		}
		s.own.Fluffed(time.Now(), *tx.Hash(), cause)
		if why := lost(s.intake.submit(tx, except)); why != "" {
			// Valid when it came, and not any more: its inputs were spent, or the
			// mempool is too full for its fee.
			s.own.Dropped(time.Now(), *tx.Hash(), string(why))
		}
	}
}

// lineage takes a transaction and those of the stempool that it spends from out
// of it, parents first.
func (s *stemming) lineage(hash chainhash.Hash) []*btcutil.Tx {
	s.lock()
	defer s.mu.Unlock()
	var line []*btcutil.Tx
	for queue := []chainhash.Hash{hash}; len(queue) > 0; queue = queue[1:] {
		tx, ok := s.stems.Take(queue[0])
		if !ok {
			continue
		}
		s.shelf.Delete(queue[0])
		line = append(line, tx)
		for _, in := range tx.MsgTx().TxIn {
			queue = append(queue, in.PreviousOutPoint.Hash)
		}
	}
	slices.Reverse(line)
	return line
}

// seen ends the stem of a transaction that is in the mempool or in a block, and
// of those that conflict with it: what was fluffed wins. It does not wait: see lock.
func (s *stemming) seen(tx *btcutil.Tx) {
	s.ended.add(tx)
	nudge(s.hear)
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

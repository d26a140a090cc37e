package blocksync

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/blocksync/schedule"
	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// Sync keeps the chain in step with the peers that have joined. Its methods may
// be called from anywhere at any time, before and after Run as well.
type Sync struct {
	cfg     Config
	params  *chaincfg.Params
	chain   Chain
	tree    *headertree.Tree
	headers HeaderAsker
	blocks  BlockAsker
	report  func(peer.ID, error)
	emit    func(events.Event)
	log     *slog.Logger

	wake  chan struct{} // Run has newcomers to start or a timer to set; holds one
	fed   chan struct{} // a block arrived; holds one
	slots chan struct{} // taken by peers that send long runs of headers

	mu        sync.Mutex // guards all that follows, and the fields of members
	rand      *rand.Rand
	members   map[peer.ID]*member
	newcomers []*member // joined, their goroutines not yet started
	schedule  *schedule.Schedule
	bodies    map[chainhash.Hash]body // held by the schedule's word
	target    chainhash.Hash          // the goal, which the plan leads to
	last      chainhash.Hash          // of the plan
	awaited   awaited                 // the block that the plan waits for
	shunned   []shunned               // blocks that nobody delivers
	detour    bool                    // the best header is not the goal, or is but has a block that nobody delivers
	alarm     time.Time               // when Run looks after the schedule next; zero: it does not
	heard     bool                    // a peer has sent all the headers that it has
	orphans   int                     // blocks in a row whose parent was missing
	fault     error                   // of our own, which ends Run
	pace      pace
}

// body is a block that waits for its turn, and who sent it.
type body struct {
	block *btcutil.Block
	from  peer.ID
}

// New returns a Sync without peers. report is told of every fault of a peer,
// emit of what happens; neither may block. src draws jitter and salts; it
// belongs to the Sync from now on.
func New(cfg Config, params *chaincfg.Params, c Chain, headers HeaderAsker, blocks BlockAsker,
	report func(peer.ID, error), emit func(events.Event), log *slog.Logger, src rand.Source,
) *Sync {
	return &Sync{
		cfg: cfg, params: params, chain: c, tree: c.Headers(), headers: headers, blocks: blocks,
		report: report, emit: emit, log: log,
		wake: make(chan struct{}, 1), fed: make(chan struct{}, 1),
		slots:    make(chan struct{}, cfg.Pullers),
		rand:     rand.New(src), // the caller chooses the source
		members:  make(map[peer.ID]*member),
		schedule: schedule.New(cfg.Schedule),
		bodies:   make(map[chainhash.Hash]body),
	}
}

// Run syncs until ctx ends, then returns nil once everything that it started
// has ended; or it returns an error of our own, such as a full disk.
func (s *Sync) Run(ctx context.Context) error {
	s.Refresh()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.validate(ctx) })
	group.Go(func() error { return s.attend(ctx, group) })
	if err := group.Wait(); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	return nil
}

// Join adds a peer that has completed the status handshake: the best header
// that it claims to have, and whether it serves blocks. The claim counts only
// once that header is in the tree; the height is for show.
func (s *Sync) Join(p peer.ID, best chainhash.Hash, height int32, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.members[p] != nil {
		return
	}
	if len(s.members) == 0 {
		s.awaited.since = time.Now() // nobody could have delivered before
	}
	m := newMember(p, best, height, full)
	s.members[p] = m
	s.newcomers = append(s.newcomers, m)
	s.enlist(m, time.Now())
	poke(s.wake)
}

// Leave removes a peer. What it owed is asked from others.
func (s *Sync) Leave(p peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.members[p]
	if m == nil {
		return
	}
	delete(s.members, p)
	m.gone = true
	s.dismiss(m, time.Now())
	if m.cancel != nil {
		m.cancel()
	}
}

// Announced takes headers that a peer has sent unasked, each its predecessor's
// child and with the proof of work that it claims. They are looked at in the
// peer's own time; a newer announcement replaces one not yet looked at.
func (s *Sync) Announced(p peer.ID, headers []wire.BlockHeader) {
	if len(headers) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.members[p]; m != nil {
		m.announced = headers
		poke(m.nudge)
	}
}

// Refresh says that the chain has changed by other hands: a block was mined or
// submitted.
func (s *Sync) Refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.replan(now)
	s.advance(now)
}

// attend starts the goroutines of peers that join, and looks after the schedule
// when its time comes, until ctx ends.
func (s *Sync) attend(ctx context.Context, group *errgroup.Group) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-timer.C:
		}
		s.admit(ctx, group)
		if next := s.tick(); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

// admit starts the goroutines of the peers that have joined since the last
// call. They end when the peer leaves or ctx ends.
func (s *Sync) admit(ctx context.Context, group *errgroup.Group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.newcomers {
		if m.gone {
			continue
		}
		own, cancel := context.WithCancel(ctx)
		m.cancel = cancel
		group.Go(func() error { return s.follow(own, m) })
		if m.full {
			group.Go(func() error { return s.fetch(own, m) })
		}
	}
	s.newcomers = nil
}

// tick gives the blocks of stalling peers to others. It returns when it is
// worth calling again; zero: not before something else happens.
func (s *Sync) tick() time.Time {
	s.mu.Lock()
	now := time.Now()
	stalls := s.schedule.Tick(now)
	if s.shun(now) || s.forgiven(now) {
		s.replan(now)
	}
	s.assign(now)
	s.alarm = s.due(now)
	next := s.alarm
	s.mu.Unlock()
	for _, st := range stalls {
		s.emit(events.SyncStalled{Peer: st.Peer, Timeout: st.Timeout})
		s.report(st.Peer, exchange.Charge(st.Peer, events.Stalled, "it owes the next block for %v", st.Timeout))
	}
	return next
}

// advance asks for what the schedule wants now and sees to it that tick is
// called when it is time. The lock must be held.
func (s *Sync) advance(now time.Time) {
	s.assign(now)
	next := s.due(now)
	if !next.IsZero() && (s.alarm.IsZero() || next.Before(s.alarm)) {
		s.alarm = next
		poke(s.wake)
	}
}

// assign hands the schedule's requests to the peers' goroutines.
func (s *Sync) assign(now time.Time) {
	s.watch(now)
	for _, r := range s.schedule.Assign(now) {
		m := s.members[r.Peer] // joined, else the schedule would not know it
		m.outbox = append(m.outbox, r.Hashes...)
		poke(m.asked)
	}
}

// enlist lets the schedule ask m for blocks.
func (s *Sync) enlist(m *member, now time.Time) {
	if !m.full || m.gone {
		return
	}
	m.joined = true
	s.schedule.Join(now, m.id)
	s.tell(m)
	s.advance(now)
}

// dismiss keeps the schedule from asking m for blocks and forgets what m owes.
func (s *Sync) dismiss(m *member, now time.Time) {
	m.joined, m.outbox, m.owed = false, nil, 0
	if m.full {
		s.schedule.Leave(now, m.id)
		s.advance(now)
	}
}

// draw returns a span between d and d + d/4.
func (s *Sync) draw(d time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return d + time.Duration(s.rand.Int64N(int64(d/4)+1))
}

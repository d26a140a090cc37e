package schedule

import (
	"slices"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// decayOf/decayBy is what each validated block leaves of the stall time-out:
// Core's factor of 0.85 (net_processing.cpp, BlockConnected).
const decayOf, decayBy = 85, 100

// Schedule decides which block is asked from which peer. It is not safe for
// concurrent use: the goroutine that runs the download owns it.
type Schedule struct {
	cfg Config

	base   int32                     // height of the last validated block
	plan   []*block                  // plan[i] has height base+1+i
	blocks map[chainhash.Hash]*block // the plan and what was left out of it while under way or taken

	// Three heights save searching the plan from its start:
	turn   int32 // the first block that is not taken
	lowest int32 // the first block that is neither held nor taken
	cursor int32 // no block below is wanted

	sources []*source // in the order of joining
	sizes   sizes

	used       int64 // cost of blocks held and taken
	reserved   int64 // estimated cost of blocks under way
	ready      int64 // part of used: taken, and held below lowest; nothing of it can be dropped
	duplicates int   // blocks under way at two peers

	timeout  time.Duration // how long the lowest block may keep everybody waiting
	blockers []*source     // the peers that owe the lowest block
	retry    time.Time     // when duplicates are worth considering again; zero: at the next event

	counts counts
}

// counts are the figures that only grow.
type counts struct {
	received, wasted, dropped, duplicated, stalls uint64
	bytes, wastedBytes                            uint64
}

// New returns a schedule without peers and without a plan.
func New(cfg Config) *Schedule {
	return &Schedule{
		cfg:     cfg,
		blocks:  make(map[chainhash.Hash]*block),
		turn:    1,
		lowest:  1,
		cursor:  1,
		timeout: cfg.StallMin,
	}
}

// Want replaces the plan: hashes[i] has height base+1+i, and everything up to
// base is validated. Blocks that stay in the plan are kept, be they held or
// under way. The hashes of blocks that were held and are not wanted any more
// are returned, so that the caller drops them.
//
// Heights told to [Schedule.Has] count on the new plan from now on: when the
// two plans differ, tell them again.
func (s *Schedule) Want(now time.Time, base int32, hashes []chainhash.Hash) (dropped []chainhash.Hash) {
	old := s.plan
	for _, b := range old {
		b.planned = false
	}
	s.base, s.plan = base, make([]*block, 0, len(hashes))
	s.append(hashes)
	for _, b := range old {
		if b.planned || b.state == done {
			continue
		}
		if b.state == held {
			dropped = append(dropped, b.hash)
		}
		s.leaveOut(b)
	}
	s.turn, s.lowest, s.cursor = base+1, base+1, base+1
	s.recount()
	s.settle(now)
	return dropped
}

// Extend adds hashes to the end of the plan.
func (s *Schedule) Extend(hashes []chainhash.Hash) {
	s.append(hashes)
}

// append puts hashes behind the plan. Blocks already known keep their state.
func (s *Schedule) append(hashes []chainhash.Hash) {
	for _, h := range hashes {
		b := s.blocks[h]
		switch {
		case b == nil:
			b = &block{hash: h}
			s.blocks[h] = b
		case b.planned:
			continue // the caller repeats itself
		}
		b.planned, b.height = true, s.end()+1
		s.plan = append(s.plan, b)
	}
}

// leaveOut forgets a block that is not in the plan. One that is being validated
// is remembered until the caller says how that went.
func (s *Schedule) leaveOut(b *block) {
	switch b.state {
	case taken:
		return
	case held:
		s.used -= b.cost
	case asked:
		s.release(b)
	case wanted, done:
	}
	b.state = done
	delete(s.blocks, b.hash)
}

// Join adds a peer, which has nothing until [Schedule.Has] says otherwise.
func (s *Schedule) Join(now time.Time, p peer.ID) {
	if s.source(p) == nil {
		s.sources = append(s.sources, &source{id: p, progress: now})
	}
}

// Has says that a peer has the plan up to height.
func (s *Schedule) Has(p peer.ID, height int32) {
	if q := s.source(p); q != nil {
		q.height = height
	}
}

// Leave removes a peer. What was under way at it is asked from others.
func (s *Schedule) Leave(now time.Time, p peer.ID) {
	q := s.source(p)
	if q == nil {
		return
	}
	s.giveUp(q)
	s.sources = slices.DeleteFunc(s.sources, func(x *source) bool { return x == q })
	s.settle(now)
}

// Ready returns the next block in height order if it is held. A block is
// returned once; [Schedule.Done], [Schedule.Refused] or [Schedule.Lost] must
// follow.
func (s *Schedule) Ready() (hash chainhash.Hash, height int32, ok bool) {
	for ; s.turn <= s.end(); s.turn++ {
		b := s.at(s.turn)
		switch b.state {
		case taken, done:
			continue
		case wanted, asked:
			return hash, 0, false
		case held:
			b.state = taken
			s.turn++
			return b.hash, b.height, true
		}
	}
	return hash, 0, false
}

// Lost says that a block that was taken could not be used, through nobody's
// fault, and that its body is gone: if it is planned, it is asked for again.
func (s *Schedule) Lost(now time.Time, hash chainhash.Hash) {
	if b := s.blocks[hash]; b != nil && b.state == taken {
		s.unhold(b)
		s.settle(now)
	}
}

// Done says that a block is validated, wherever it came from: its bytes are
// free and the window moves.
func (s *Schedule) Done(now time.Time, hash chainhash.Hash) {
	b := s.blocks[hash]
	if b == nil {
		return
	}
	switch b.state {
	case held, taken:
		s.used -= b.cost
		if b.state == taken || b.height < s.lowest {
			s.ready -= b.cost
		}
	case asked:
		s.release(b)
	case wanted, done:
	}
	b.state = done
	delete(s.blocks, b.hash)
	s.timeout = max(s.cfg.StallMin, s.timeout*decayOf/decayBy)
	for len(s.plan) > 0 && s.plan[0].state == done {
		s.plan[0] = nil
		s.plan = s.plan[1:]
		s.base++
	}
	s.turn, s.cursor = max(s.turn, s.base+1), max(s.cursor, s.base+1)
	s.settle(now)
}

// Lowest returns the first block of the plan that is not here; ok is false when
// the whole plan is.
func (s *Schedule) Lowest() (hash chainhash.Hash, height int32, ok bool) {
	if s.lowest > s.end() {
		return hash, 0, false
	}
	return s.at(s.lowest).hash, s.lowest, true
}

// Span returns the heights (base, end] of the plan.
func (s *Schedule) Span() (base, end int32) { return s.base, s.end() }

// at returns the block of the plan with the given height.
func (s *Schedule) at(height int32) *block { return s.plan[height-s.base-1] }

// end is the height of the plan's last block.
func (s *Schedule) end() int32 { return s.base + int32(len(s.plan)) }

// windowEnd is the height of the last block that may be asked for.
func (s *Schedule) windowEnd() int32 { return min(s.end(), s.base+int32(s.cfg.Window)) }

func (s *Schedule) source(p peer.ID) *source {
	for _, q := range s.sources {
		if q.id == p {
			return q
		}
	}
	return nil
}

// release gives back what is reserved for a block under way. The peers' answers
// to come do not count any more.
func (s *Schedule) release(b *block) {
	s.reserved -= b.reserve
	b.reserve = 0
	for _, p := range b.askers {
		if i := p.find(b); i >= 0 {
			s.disown(&p.queue[i])
		}
	}
	b.askers = nil
}

// disown makes a request one whose answer nobody waits for.
func (s *Schedule) disown(e *entry) {
	e.dropped = true
	if e.duplicate {
		e.duplicate = false
		s.duplicates--
	}
}

// unask takes p off the peers asked for b. If it was the last one, b is wanted
// again.
func (s *Schedule) unask(p *source, b *block) {
	if !b.askedFrom(p) {
		return
	}
	b.askers = slices.DeleteFunc(b.askers, func(x *source) bool { return x == p })
	if len(b.askers) == 0 && b.state == asked {
		s.reserved -= b.reserve
		b.reserve = 0
		s.wantAgain(b)
	}
}

// wantAgain puts a block back among those to be asked for.
func (s *Schedule) wantAgain(b *block) {
	b.state = wanted
	if !b.planned {
		s.leaveOut(b)
		return
	}
	s.cursor = min(s.cursor, b.height)
	s.turn = min(s.turn, b.height)
	if b.height < s.lowest {
		s.lowest = b.height
		s.recount()
	}
}

// giveUp disowns everything under way at p.
func (s *Schedule) giveUp(p *source) {
	for i := range p.queue {
		e := &p.queue[i]
		if e.dropped {
			continue
		}
		s.disown(e)
		s.unask(p, e.block)
	}
}

// recount computes what cannot be dropped: blocks taken, in the plan or not,
// and those held below the lowest missing one.
func (s *Schedule) recount() {
	s.ready = s.used
	for _, b := range s.plan {
		if b.state == held && b.height >= s.lowest {
			s.ready -= b.cost
		}
	}
}

// settle follows the lowest missing block after a change: the blocks it has
// passed are ready, and the peers that owe it are the blockers.
func (s *Schedule) settle(now time.Time) {
	s.lowest = max(s.lowest, s.base+1)
	for s.lowest <= s.end() {
		b := s.at(s.lowest)
		if b.state == wanted || b.state == asked {
			break
		}
		if b.state == held {
			s.ready += b.cost
		}
		s.lowest++
	}
	s.retry = time.Time{}
	s.block(now)
}

// block notes which peers owe the lowest missing block, and since when.
func (s *Schedule) block(now time.Time) {
	var owing []*source
	if s.lowest <= s.end() {
		owing = s.at(s.lowest).askers
	}
	if slices.Equal(owing, s.blockers) {
		return
	}
	for _, p := range s.blockers {
		if !slices.Contains(owing, p) {
			p.blocking = time.Time{}
		}
	}
	for _, p := range owing {
		if p.blocking.IsZero() {
			p.blocking = now
		}
	}
	s.blockers = append(s.blockers[:0], owing...)
}

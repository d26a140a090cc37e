package schedule

import (
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Request says that a peer should be asked for blocks, in this order, behind
// what it has been asked for before.
type Request struct {
	Peer   peer.ID
	Hashes []chainhash.Hash
}

// quantum is the share of window and budget that must be free before blocks
// beyond the lowest are asked for, so that requests are runs and not single
// blocks while validation sets the pace: 64 blocks, 4 MiB.
const quantum = 16

// Assign returns what to ask now. It is to be called after every event.
func (s *Schedule) Assign(now time.Time) []Request {
	s.comeBack(now)
	a := assignment{s: s, now: now, requests: make([]Request, len(s.sources))}
	a.urgent()
	a.fill()
	a.double()
	if a.asked {
		s.block(now)
	}
	for _, p := range s.sources {
		p.spare = !p.aside && s.room(p) > 0
	}
	out := a.requests[:0]
	for _, r := range a.requests {
		if len(r.Hashes) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// assignment is one run of Assign.
type assignment struct {
	s        *Schedule
	now      time.Time
	requests []Request // one for each source, in their order
	asked    bool
}

// urgent asks for the lowest missing block, whatever the peers owe already and
// whatever the budget says, once validation is about to run out: without it
// nothing moves.
func (a *assignment) urgent() {
	s := a.s
	if s.lowest > s.windowEnd() {
		return
	}
	b := s.at(s.lowest)
	if b.state != wanted || s.plenty() {
		return
	}
	if i := a.best(b, func(*source) bool { return true }); i >= 0 {
		a.ask(i, b, false)
	}
}

// fill gives runs of wanted blocks, lowest first, to the peers with room,
// soonest first, until window or budget is full.
func (a *assignment) fill() {
	s := a.s
	if !s.worthwhile() {
		return
	}
	height := s.nextWanted(s.cursor)
	s.cursor = height
	for height <= s.windowEnd() && s.fits() {
		i := a.best(s.at(height), func(p *source) bool { return s.room(p) > 0 })
		if i < 0 {
			if !a.anyRoom() {
				return
			}
			height = s.nextWanted(height + 1) // somebody else may have a later one
			continue
		}
		if start := a.lead(i, height); start > height {
			a.run(i, start)
			height = s.nextWanted(height)
			continue
		}
		height = a.run(i, height)
	}
}

// lead returns the first height to ask source i for when the lowest wanted one
// is height. A peer that needs longer than the horizon for a block gets one
// that is needed later: it would be late with the lowest.
func (a *assignment) lead(i int, height int32) int32 {
	s := a.s
	late := s.soonest(s.sources[i]) - s.cfg.Horizon
	if late <= 0 || s.reserved == 0 {
		return height
	}
	var total float64
	for _, p := range s.sources {
		if !p.aside {
			total += p.meter.rate
		}
	}
	ahead := late.Seconds() * total / s.sizes.expectBytes()
	start := s.nextWanted(height + int32(min(ahead, float64(s.cfg.Window))))
	if start > s.windowEnd() || !s.sources[i].may(a.now, s.at(start)) {
		return height
	}
	return start
}

// run gives peer i consecutive wanted blocks from height on, a part of its
// room: the next part may be sooner at another peer. It returns the height of
// the next wanted block.
func (a *assignment) run(i int, height int32) int32 {
	s, p := a.s, a.s.sources[i]
	for n := max(1, (s.room(p)+1)/2); n > 0 && height <= s.windowEnd() && s.fits(); n-- {
		b := s.at(height)
		if b.state != wanted || !p.may(a.now, b) {
			break
		}
		a.ask(i, b, false)
		height++
	}
	return s.nextWanted(height)
}

// best returns the source that would deliver b soonest among those that suit,
// or -1.
func (a *assignment) best(b *block, suits func(*source) bool) int {
	best, least := -1, time.Duration(0)
	for i, p := range a.s.sources {
		if !p.may(a.now, b) || !suits(p) {
			continue
		}
		if t := a.s.soonest(p); best < 0 || t < least {
			best, least = i, t
		}
	}
	return best
}

func (a *assignment) anyRoom() bool {
	for _, p := range a.s.sources {
		if !p.aside && a.s.room(p) > 0 {
			return true
		}
	}
	return false
}

// ask notes that source i is asked for b.
func (a *assignment) ask(i int, b *block, duplicate bool) {
	s, p := a.s, a.s.sources[i]
	a.asked = true
	if b.state == wanted {
		b.state = asked
		b.reserve = s.sizes.expectCost()
		s.reserved += b.reserve
	}
	b.askers = append(b.askers, p)
	if duplicate {
		s.duplicates++
		s.counts.duplicated++
	}
	if j := p.find(b); j >= 0 {
		// The peer was put aside and still owes the block: its answer counts
		// again, a second one would be a waste.
		p.queue[j].dropped, p.queue[j].duplicate = false, duplicate
		return
	}
	if len(p.queue) == 0 {
		p.progress = a.now
		p.meter.begin(a.now)
	}
	p.queue = append(p.queue, entry{block: b, asked: a.now, duplicate: duplicate})
	a.requests[i].Peer = p.id
	a.requests[i].Hashes = append(a.requests[i].Hashes, b.hash)
}

// double asks idle peers for blocks that others owe and will deliver much
// later, when validation waits for the lowest block and nothing else is left to
// ask for: at the end of the plan, or when window or budget are full.
func (a *assignment) double() {
	s := a.s
	if s.lowest > s.windowEnd() || !s.starved() || s.at(s.lowest).state != asked || !a.anyRoom() {
		s.retry = time.Time{}
		return
	}
	if !s.retry.IsZero() && a.now.Before(s.retry) {
		return
	}
	s.retry = a.now.Add(s.cfg.Horizon / 2)
	a.forecast()
	looked := 0
	for h := s.lowest; h <= s.windowEnd() && s.duplicates < s.cfg.MaxDuplicates; h++ {
		b := s.at(h)
		if b.state != asked || len(b.askers) != 1 {
			continue
		}
		if looked++; looked > s.cfg.MaxDuplicates && s.cursor <= s.end() {
			return // not the end of the plan: only the lowest ones matter
		}
		i := a.best(b, func(p *source) bool { return s.room(p) > 0 })
		if i < 0 {
			continue
		}
		// Twice as long, and more than a round trip's noise: the waste must
		// buy something.
		if b.due > 2*s.soonest(s.sources[i])+s.cfg.Horizon/8 {
			a.ask(i, b, true)
		}
	}
}

// forecast estimates when the blocks under way will arrive, counted from now.
// A peer that is late is expected to stay silent as long again as it was so far.
func (a *assignment) forecast() {
	for _, p := range a.s.sources {
		wait := p.meter.delay - a.now.Sub(p.progress)
		if -wait > a.s.transfer(p, 1) {
			wait = a.now.Sub(p.progress)
		}
		for i, e := range p.queue {
			if !e.dropped {
				e.block.due = wait + a.s.transfer(p, i+1)
			}
		}
	}
}

// starved reports whether validation has nothing to do without the lowest
// missing block.
func (s *Schedule) starved() bool { return s.lowest == s.base+1 }

// fits reports whether one block more may be under way.
func (s *Schedule) fits() bool {
	return s.used+s.reserved+s.sizes.expectCost() <= s.cfg.Budget
}

// worthwhile reports whether enough window and budget is free for a run, or the
// rest of the plan is within the window.
func (s *Schedule) worthwhile() bool {
	end := s.windowEnd()
	span := int(end - s.cursor + 1)
	if span <= 0 {
		return false
	}
	busy := s.reserved > 0 || s.plenty()
	if end < s.end() && span < s.cfg.Window/quantum && busy {
		return false
	}
	return !busy || s.cfg.Budget-s.used-s.reserved >= s.cfg.Budget/quantum
}

// plenty reports whether validation has so many blocks in a row to go on with
// that the next one can wait for a run to be worthwhile: single requests cost
// both sides twice the time for each block.
func (s *Schedule) plenty() bool {
	return s.ready > s.cfg.Budget/quantum || int(s.lowest-s.base-1) > s.cfg.Window/quantum
}

// nextWanted returns the height of the first wanted block from height on, or
// the one after the plan's end.
func (s *Schedule) nextWanted(height int32) int32 {
	for height <= s.end() && s.at(height).state != wanted {
		height++
	}
	return height
}

package schedule

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Stall says that a peer owed the lowest block for longer than the time-out
// while others waited. Its blocks are asked from others now, and it is put
// aside for a while.
type Stall struct {
	Peer    peer.ID
	Timeout time.Duration
}

// Tick returns the peers that have stalled the download at now. It may be
// called at any time; [Schedule.Next] says when it is worth it. Assign is to be
// called afterwards.
func (s *Schedule) Tick(now time.Time) []Stall {
	var out []Stall
	for {
		p, timeout := s.suspect(now)
		if p == nil || now.Before(p.waitedSince().Add(timeout)) {
			return out
		}
		out = append(out, Stall{Peer: p.id, Timeout: timeout})
		s.counts.stalls++
		s.timeout = min(2*s.timeout, s.cfg.StallMax)
		s.putAside(now, p)
		s.settle(now)
	}
}

// Next returns when Tick and Assign are worth calling again if nothing happens
// before, never earlier than now; zero if never.
func (s *Schedule) Next(now time.Time) time.Time {
	next := s.retry
	soonest := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if p, timeout := s.suspect(now); p != nil {
		soonest(p.waitedSince().Add(timeout))
	}
	for _, p := range s.sources {
		if p.aside {
			soonest(p.until)
		}
	}
	if s.lowest <= s.windowEnd() {
		for _, x := range s.at(s.lowest).bars {
			if x.until.After(now) {
				soonest(x.until)
			}
		}
	}
	if !next.IsZero() && next.Before(now) {
		return now
	}
	return next
}

// suspect returns the peer among those that owe the lowest block whose time
// runs out first, and that time: the current time-out when somebody waits who
// could be helped, else the longest one, because nothing is gained by giving up
// early on a peer that may only be slow.
func (s *Schedule) suspect(now time.Time) (*source, time.Duration) {
	var first *source
	for _, p := range s.blockers {
		if first == nil || p.waitedSince().Before(first.waitedSince()) {
			first = p
		}
	}
	if first == nil {
		return nil, 0
	}
	if s.everybodyWaits(now) {
		return first, s.timeout
	}
	return first, s.cfg.StallMax
}

// everybodyWaits reports whether another peer could deliver the lowest block
// while either validation has nothing to do without it or that peer has room
// that Assign found nothing for.
func (s *Schedule) everybodyWaits(now time.Time) bool {
	b, starved := s.at(s.lowest), s.starved()
	for _, p := range s.sources {
		if (starved || p.spare) && p.may(now, b) {
			return true
		}
	}
	return false
}

// waitedSince is when the wait for p began: when the lowest block became its
// to deliver, or its last delivery.
func (p *source) waitedSince() time.Time {
	if p.progress.After(p.blocking) {
		return p.progress
	}
	return p.blocking
}

// putAside gives what p owes to others and asks nothing of it for a while.
func (s *Schedule) putAside(now time.Time, p *source) {
	penalty := s.cfg.Penalty
	for range p.stalls {
		penalty = min(2*penalty, s.cfg.PenaltyMax)
	}
	p.stalls++
	p.aside, p.until = true, now.Add(penalty)
	s.giveUp(p)
}

// comeBack ends the penalties that are over, and those of peers that have the
// lowest block when nobody else has it.
func (s *Schedule) comeBack(now time.Time) {
	var lone *block
	if s.lowest <= s.windowEnd() && s.at(s.lowest).state == wanted && !s.served(now) {
		lone = s.at(s.lowest)
	}
	for _, p := range s.sources {
		if !p.aside {
			continue
		}
		needed := lone != nil && p.height >= lone.height && !lone.barred(now, p)
		if needed || !now.Before(p.until) {
			p.aside, p.trial = false, true
			p.meter = meter{delay: p.meter.delay}
		}
	}
}

// served reports whether a peer that is not put aside can be asked for the
// lowest missing block.
func (s *Schedule) served(now time.Time) bool {
	b := s.at(s.lowest)
	for _, p := range s.sources {
		if p.may(now, b) {
			return true
		}
	}
	return false
}

package schedule

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// coldRate stands for the rate of a peer that has delivered nothing while no
// other peer's rate is known either: 1 MB/s, a slow home link.
const coldRate = 1e6

// source is one peer and what is under way at it.
type source struct {
	id     peer.ID
	height int32 // the peer has the plan up to here
	// queue is what the peer owes, in the order asked, which is the order in
	// which it answers.
	queue    []entry
	meter    meter
	progress time.Time // last delivery, or when the queue became non-empty
	blocking time.Time // since when it owes the lowest block; zero: it does not

	aside  bool      // nothing is asked of it
	until  time.Time // when it may come back
	stalls int       // since it last delivered in time
	trial  bool      // it is back but must prove itself with a single block
	spare  bool      // the last Assign left it with room that it found nothing for
	misses int       // answers without a block in a row
}

// entry is one request under way.
type entry struct {
	block     *block
	asked     time.Time
	dropped   bool // the block is asked from others or no longer wanted
	duplicate bool // somebody else was asked first
}

// limit is how many blocks may be under way at p.
func (s *Schedule) limit(p *source) int {
	switch {
	case p.trial:
		return 1
	case p.meter.rate == 0:
		return s.cfg.MinInFlight
	}
	// The delay is added so that a round trip longer than the horizon does not
	// shrink what is under way, and with it the rate, time and again.
	ahead := p.meter.rate * (s.cfg.Horizon + p.meter.delay).Seconds()
	return min(max(int(ahead/s.sizes.expectBytes()), s.cfg.MinInFlight), s.cfg.MaxInFlight)
}

// room is how many blocks more p may be asked for. A busy peer has room only
// when a quarter of its share is free, so that requests are runs and not
// single blocks.
func (s *Schedule) room(p *source) int {
	limit := s.limit(p)
	free := limit - len(p.queue)
	if free <= 0 || (len(p.queue) > 0 && free < limit/4) {
		return 0
	}
	return free
}

// rate is the measured rate of p, or what is likely for want of one.
func (s *Schedule) rate(p *source) float64 {
	if p.meter.rate > 0 {
		return p.meter.rate
	}
	var sum float64
	var n int
	for _, q := range s.sources {
		if q.meter.rate > 0 {
			sum += q.meter.rate
			n++
		}
	}
	if n == 0 {
		return coldRate
	}
	return sum / float64(n)
}

// transfer is how long p needs for n blocks.
func (s *Schedule) transfer(p *source, n int) time.Duration {
	return time.Duration(float64(n) * s.sizes.expectBytes() / s.rate(p) * float64(time.Second))
}

// soonest is how long p would need for one block more than it owes.
func (s *Schedule) soonest(p *source) time.Duration {
	return p.meter.delay + s.transfer(p, len(p.queue)+1)
}

// may reports whether p can be asked for b.
func (p *source) may(now time.Time, b *block) bool {
	return !p.aside && p.height >= b.height && !b.askedFrom(p) && !b.barred(now, p)
}

// find returns the position in p's queue of the request for b, or -1.
func (p *source) find(b *block) int {
	for i := range p.queue {
		if p.queue[i].block == b {
			return i
		}
	}
	return -1
}

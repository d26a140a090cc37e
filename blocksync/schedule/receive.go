package schedule

import (
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Verdict says what to do with a block that has arrived.
type Verdict int

const (
	// Drop means that the block was not asked for, is there already, or finds no room
	// and will be asked for again.
	Drop Verdict = iota
	// Keep means that the caller holds the block until [Schedule.Ready] names it.
	Keep
)

// String names the verdict.
func (v Verdict) String() string {
	if v == Keep {
		return "keep"
	}
	return "drop"
}

const (
	// missTime is how long a peer is not asked again for a block that it
	// did not have: as long as the longest stall time-out.
	missTime = 64 * time.Second
	// maxMisses is how many answers without a block in a row put a peer aside:
	// it has pruned what we want.
	maxMisses = 3
)

// Received says that a block has arrived from p: bytes on the wire, cost in
// memory. Blocks further up that had to make room for it are returned; the
// caller drops them, they will be asked for again.
func (s *Schedule) Received(now time.Time, p peer.ID, hash chainhash.Hash, bytes int, cost int64) (v Verdict, evicted []chainhash.Hash) {
	q := s.source(p)
	if q == nil {
		return Drop, nil
	}
	e, ok := s.answered(q, hash)
	if !ok {
		return Drop, nil
	}
	q.progress = now
	q.meter.delivered(now, e.asked, bytes, len(q.queue) == 0)
	q.restore(e)
	s.sizes.add(bytes, cost)
	s.counts.received++
	s.counts.bytes += uint64(bytes)

	b := s.blocks[hash]
	if b == nil || (b.state != wanted && b.state != asked) {
		s.unask(q, e.block)
		s.counts.wasted++
		s.counts.wastedBytes += uint64(bytes)
		s.settle(now)
		return Drop, nil
	}
	fits, evicted := s.makeRoom(b, cost)
	if fits {
		s.release(b)
		b.state, b.cost = held, cost
		s.used += cost
		v = Keep
	} else {
		s.unask(q, e.block)
		s.counts.dropped++
	}
	s.settle(now)
	return v, evicted
}

// restore gives a peer that has delivered its place back: at once if it was
// put aside, and its full share once an answer came that was waited for.
func (p *source) restore(e entry) {
	p.misses = 0
	if !e.dropped {
		p.trial, p.stalls = false, 0
	}
	if p.aside {
		p.aside, p.trial = false, true
	}
}

// Missing says that p does not have a block that it was asked for.
func (s *Schedule) Missing(now time.Time, p peer.ID, hash chainhash.Hash) {
	q := s.source(p)
	if q == nil {
		return
	}
	e, ok := s.answered(q, hash)
	if !ok {
		return
	}
	q.progress = now
	e.block.bars = append(e.block.bars, bar{peer: p, until: now.Add(missTime)})
	s.unask(q, e.block)
	if q.misses++; q.misses >= maxMisses {
		q.misses = 0
		s.putAside(now, q)
	}
	s.settle(now)
}

// Refused says that what p sent for hash is not that block: it is never asked
// from p again. That may turn out when it arrives, instead of [Schedule.Received],
// or in validation, after [Schedule.Ready].
func (s *Schedule) Refused(now time.Time, p peer.ID, hash chainhash.Hash) {
	b := s.blocks[hash]
	if b != nil {
		b.bars = append(b.bars, bar{peer: p})
	}
	arrived := false
	if q := s.source(p); q != nil {
		var e entry
		if e, arrived = s.answered(q, hash); arrived {
			q.progress = now
			s.unask(q, e.block)
		}
	}
	// What has just arrived is not what is held: that came from somebody else.
	if b != nil && !arrived && b.state == taken {
		s.unhold(b)
	}
	s.settle(now)
}

// unhold forgets the body of a block, which is wanted again if it is planned.
func (s *Schedule) unhold(b *block) {
	s.used -= b.cost
	if b.state == taken || b.height < s.lowest {
		s.ready -= b.cost
	}
	b.cost = 0
	s.wantAgain(b)
}

// answered takes the request for hash out of p's queue. Peers answer in order,
// so it is the first one.
func (s *Schedule) answered(p *source, hash chainhash.Hash) (entry, bool) {
	for i, e := range p.queue {
		if e.block.hash != hash {
			continue
		}
		if e.duplicate {
			s.duplicates--
		}
		p.queue = append(p.queue[:i], p.queue[i+1:]...)
		return e, true
	}
	return entry{}, false
}

// makeRoom reports whether a block may be held, and which held blocks above it
// must go for that. The lowest missing block always finds room unless blocks
// that are ready fill the budget by themselves.
func (s *Schedule) makeRoom(b *block, cost int64) (fits bool, evicted []chainhash.Hash) {
	over := s.used + cost - s.cfg.Budget
	if over <= 0 {
		return true, nil
	}
	var found int64
	h := s.end()
	for ; h > b.height && found < over; h-- {
		if c := s.at(h); c.state == held {
			found += c.cost
		}
	}
	if found < over && (b.height != s.lowest || s.ready > s.cfg.Budget) {
		return false, nil
	}
	for top := s.end(); top > h; top-- {
		if c := s.at(top); c.state == held {
			evicted = append(evicted, c.hash)
			s.counts.dropped++
			s.unhold(c)
		}
	}
	return true, evicted
}

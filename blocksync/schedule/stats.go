package schedule

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Stats are figures of the whole schedule.
type Stats struct {
	Base, End  int32         // the plan's heights (Base, End]
	Lowest     int32         // the first block that is not held
	InFlight   int           // requests under way whose answer counts
	Held       int           // blocks held, not those taken
	Used       int64         // cost of blocks held and taken
	Reserved   int64         // estimated cost of blocks under way
	Timeout    time.Duration // of a stall, at present
	Received   uint64        // blocks that arrived
	Bytes      uint64        // their size
	Wasted     uint64        // blocks that arrived but were there already or not wanted any more
	WastedSize uint64        // their size
	Dropped    uint64        // blocks that arrived but found no room, or had to make room
	Duplicated uint64        // blocks asked from a second peer
	Stalls     uint64
}

// Stats returns the figures of the whole schedule.
func (s *Schedule) Stats() Stats {
	st := Stats{
		Base: s.base, End: s.end(), Lowest: s.lowest,
		Used: s.used, Reserved: s.reserved, Timeout: s.timeout,
		Received: s.counts.received, Bytes: s.counts.bytes,
		Wasted: s.counts.wasted, WastedSize: s.counts.wastedBytes,
		Dropped: s.counts.dropped, Duplicated: s.counts.duplicated, Stalls: s.counts.stalls,
	}
	for h := s.base + 1; h <= s.windowEnd(); h++ {
		if s.at(h).state == held {
			st.Held++
		}
	}
	for _, p := range s.sources {
		for _, e := range p.queue {
			if !e.dropped {
				st.InFlight++
			}
		}
	}
	return st
}

// PeerStats are figures of one peer.
type PeerStats struct {
	Height   int32         // it has the plan up to here
	InFlight []int32       // heights of the blocks awaited from it, in the order asked
	Owed     int           // requests that it has not answered, awaited or not
	Limit    int           // how many it may have
	Rate     float64       // bytes per second; 0: not known
	Delay    time.Duration // shortest time from asking to arrival; 0: not known
	Aside    bool          // it has stalled and is not asked at present
}

// Peer returns the figures of one peer, and whether it is known.
func (s *Schedule) Peer(p peer.ID) (PeerStats, bool) {
	q := s.source(p)
	if q == nil {
		return PeerStats{}, false
	}
	st := PeerStats{
		Height: q.height, Owed: len(q.queue), Limit: s.limit(q),
		Rate: q.meter.rate, Delay: q.meter.delay, Aside: q.aside,
	}
	for _, e := range q.queue {
		if !e.dropped {
			st.InFlight = append(st.InFlight, e.block.height)
		}
	}
	return st, true
}

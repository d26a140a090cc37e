package node

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/events"
)

// maxDepartures is how many ends of links are remembered for an operator who asks
// why: 1,024 × ~150 bytes.
const maxDepartures = 1024

// departures remembers how the last links ended. It is not safe for concurrent use.
type departures struct {
	last  map[peer.ID]api.Departure
	order []peer.ID // a ring, once it is full
	next  int       // place in the ring
}

func (d *departures) note(p peer.ID, at time.Time, reason events.Reason) {
	if d.last == nil {
		d.last = make(map[peer.ID]api.Departure)
	}
	if _, known := d.last[p]; !known {
		if len(d.order) < maxDepartures {
			d.order = append(d.order, p)
		} else {
			delete(d.last, d.order[d.next])
			d.order[d.next] = p
			d.next = (d.next + 1) % maxDepartures
		}
	}
	d.last[p] = api.Departure{At: at, Reason: string(reason)}
}

// departure returns how the last link to a peer ended, nil if that is not known.
func (t *peers) departure(p peer.ID) *api.Departure {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, known := t.left.last[p]; known {
		return &last
	}
	return nil
}

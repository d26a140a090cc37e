package dandelion

import (
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Peer is one that the node dialled itself and that may be a stem. Peers that
// dialled us are never: whoever wants to be our stem cannot come to us for it.
type Peer struct {
	ID    peer.ID
	Group string // netgroup; stems are of different ones if they can be
}

// own is the edge of the node's own transactions.
const own = peer.ID("")

// begin starts an epoch: new stems, a new map, a new decision to diffuse.
func (r *Router) begin(now time.Time) {
	r.epoch++
	r.ends = now.Add(r.cfg.Epoch)
	if r.cfg.EpochJitter > 0 {
		r.ends = r.ends.Add(time.Duration(r.rng.Int64N(int64(r.cfg.EpochJitter))))
	}
	r.diffuser = r.rng.Float64() < r.cfg.FluffChance
	r.stems = r.stems[:0]
	r.edges = nil
	r.fill()
}

// fill draws stems until there are enough, as long as there are peers. A stem
// that is drawn stays one for the epoch: leaving and coming back re-rolls
// nothing, and neither does coming in numbers.
func (r *Router) fill() {
	for len(r.live()) < r.cfg.Stems {
		free := slices.DeleteFunc(slices.Clone(r.outbound), func(p Peer) bool { return r.isStem(p.ID) })
		if len(free) == 0 {
			return
		}
		other := slices.DeleteFunc(slices.Clone(free), func(p Peer) bool {
			return slices.ContainsFunc(r.live(), func(s Peer) bool { return s.Group == p.Group })
		})
		if len(other) > 0 {
			free = other
		}
		if len(r.stems) >= maxStems*r.cfg.Stems {
			r.stems = slices.DeleteFunc(r.stems, func(p Peer) bool { return !r.linked(p.ID) })
		}
		r.stems = append(r.stems, free[r.rng.IntN(len(free))])
	}
}

// maxStems bounds, as a multiple of the stems in use, how many lost ones an
// epoch remembers: eight losses of a stem in ten minutes are a network that
// breaks down, not an observer's patience.
const maxStems = 8

// isStem says whether the peer was drawn in this epoch.
func (r *Router) isStem(p peer.ID) bool {
	return slices.ContainsFunc(r.stems, func(s Peer) bool { return s.ID == p })
}

func (r *Router) linked(p peer.ID) bool {
	return slices.ContainsFunc(r.outbound, func(o Peer) bool { return o.ID == p })
}

// live returns the stems that are connected, those drawn first before their
// replacements, and no more than are wanted.
func (r *Router) live() []Peer {
	live := make([]Peer, 0, r.cfg.Stems)
	for _, s := range r.stems {
		if len(live) < r.cfg.Stems && r.linked(s.ID) {
			live = append(live, s)
		}
	}
	return live
}

// edge is one inbound edge and the stem that it is mapped to.
type edge struct {
	from, to peer.ID
}

// route returns the stem for what comes over an edge, "" if there is none. Own
// traffic is an edge like another, mapped by the same rule.
func (r *Router) route(from peer.ID) peer.ID {
	live := r.live()
	if len(live) == 0 {
		return ""
	}
	switch r.cfg.Routing {
	case PerTx:
		return r.away(live, from)
	case AllToOne:
		return live[0].ID
	case PerEdge, OneToOne:
	}
	at, known := slices.BinarySearchFunc(r.edges, from, func(e edge, p peer.ID) int {
		return slices.Compare([]byte(e.from), []byte(p))
	})
	if known && slices.ContainsFunc(live, func(p Peer) bool { return p.ID == r.edges[at].to }) {
		return r.edges[at].to
	}
	to := r.map1(live, from)
	switch {
	case known:
		r.edges[at].to = to // its stem is gone
	case len(r.edges) < maxEdges:
		r.edges = slices.Insert(r.edges, at, edge{from, to})
	}
	return to
}

// map1 draws the stem of an edge.
func (r *Router) map1(live []Peer, from peer.ID) peer.ID {
	if r.cfg.Routing == PerEdge {
		return r.away(live, from)
	}
	least := len(r.edges) + 1
	var lightest []Peer
	for _, p := range live {
		load := 0
		for _, e := range r.edges {
			if e.to == p.ID && e.from != from {
				load++
			}
		}
		if load < least {
			least, lightest = load, lightest[:0]
		}
		if load == least {
			lightest = append(lightest, p)
		}
	}
	return r.away(lightest, from)
}

// away draws one of the peers, and not the one that the edge comes from if there
// is another: it has the transaction. If it is the only one it gets it back, for
// it cannot tell that from another's loop, and fluffs it.
func (r *Router) away(peers []Peer, from peer.ID) peer.ID {
	if len(peers) > 1 {
		peers = slices.DeleteFunc(slices.Clone(peers), func(p Peer) bool { return p.ID == from })
	}
	return peers[r.rng.IntN(len(peers))].ID
}

package dandelion

import (
	"cmp"
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

// maxEdges bounds the map of an epoch: far above any node's inbound slots (125),
// 32 bytes each. Whoever reconnects under new names to get there finds the own
// edge mapped as ever, and that all further names share the first stem.
const maxEdges = 4096

// maxStems bounds, as a multiple of the stems in use, how many lost ones an
// epoch remembers: eight losses of a stem in ten minutes are a network that
// breaks down, not an observer's patience.
const maxStems = 8

// begin starts an epoch: new stems, a new map, a new decision to diffuse.
func (r *Router) begin(now time.Time) {
	r.ends = now.Add(r.cfg.Epoch)
	if r.cfg.EpochJitter > 0 {
		r.ends = r.ends.Add(time.Duration(r.rng.Int64N(int64(r.cfg.EpochJitter))))
	}
	r.diffuser = r.rng.Float64() < r.cfg.FluffChance
	r.stems = r.stems[:0]
	r.edges = nil
	if len(r.queue) == 0 {
		r.held, r.queue = nil, nil // a burst is not paid for ever after
	}
	r.fill()
}

// fill takes the stems of the epoch that are connected, those drawn first before
// their replacements, and draws more as long as there are too few and others to
// draw. A stem that is drawn stays one for the epoch: leaving and coming back
// re-rolls nothing, and neither does coming in numbers.
func (r *Router) fill() {
	r.live = r.live[:0]
	for _, s := range r.stems {
		if len(r.live) < r.cfg.Stems && has(r.outbound, s.ID) {
			r.live = append(r.live, s)
		}
	}
	for len(r.live) < r.cfg.Stems {
		p, ok := r.draw()
		if !ok {
			return
		}
		if len(r.stems) >= maxStems*r.cfg.Stems {
			r.stems = append(r.stems[:0], r.live...)
		}
		r.stems = append(r.stems, p)
		r.live = append(r.live, p)
	}
}

// draw draws a peer that is no stem, of a group that is no stem's if there is one.
func (r *Router) draw() (Peer, bool) {
	free := make([]Peer, 0, len(r.outbound))
	for _, p := range r.outbound {
		if !has(r.live, p.ID) {
			free = append(free, p)
		}
	}
	if len(free) == 0 {
		return Peer{}, false
	}
	apart := 0 // of free, sorted to its front
	for i, p := range free {
		if !slices.ContainsFunc(r.live, func(s Peer) bool { return s.Group == p.Group }) {
			free[i], free[apart] = free[apart], p
			apart++
		}
	}
	if apart > 0 {
		free = free[:apart]
	}
	return free[r.rng.IntN(len(free))], true
}

// edge is one inbound edge and the stem that it is mapped to.
type edge struct {
	from, to peer.ID
}

// route returns the stem for what comes over an edge, "" if there is none. Own
// traffic is an edge like another, mapped by the same rule.
func (r *Router) route(from peer.ID) peer.ID {
	stems := r.away(from)
	if len(stems) == 0 {
		return ""
	}
	switch r.cfg.Routing {
	case PerTx:
		return r.pick(stems)
	case AllToOne:
		return stems[0].ID
	case PerEdge, OneToOne:
	}
	at, known := slices.BinarySearchFunc(r.edges, from, func(e edge, p peer.ID) int { return cmp.Compare(e.from, p) })
	if known && has(stems, r.edges[at].to) {
		return r.edges[at].to
	}
	if !known && len(r.edges) >= maxEdges && from != own {
		return stems[0].ID
	}
	if r.cfg.Routing == OneToOne && from != own {
		stems = r.lightest(stems, from)
	}
	to := r.pick(stems)
	if known {
		r.edges[at].to = to // its stem is gone
	} else {
		r.edges = slices.Insert(r.edges, at, edge{from, to})
	}
	return to
}

// away returns the connected stems but the one that the edge comes from, which
// has the transaction. If it is the only one it gets it back, as BIP 156 has it,
// sees a loop and fluffs: it learns that it is this node's only stem, where a
// fluff here would tell everybody that the stem has ended with this node.
func (r *Router) away(from peer.ID) []Peer {
	if len(r.live) < 2 || !has(r.live, from) {
		return r.live
	}
	return slices.DeleteFunc(slices.Clone(r.live), func(p Peer) bool { return p.ID == from })
}

// lightest returns those of the stems to which the fewest inbound edges are mapped,
// not counting the given one. Own traffic is not counted: if inbound edges made way
// for it, it would travel alone more often than not, and precision nearly doubles
// (simulated: .066 for .036 at p = .1).
func (r *Router) lightest(stems []Peer, from peer.ID) []Peer {
	var lightest []Peer
	least := 0
	for _, p := range stems {
		load := 0
		for _, e := range r.edges {
			if e.to == p.ID && e.from != from && e.from != own {
				load++
			}
		}
		if lightest == nil || load < least {
			least, lightest = load, lightest[:0]
		}
		if load == least {
			lightest = append(lightest, p)
		}
	}
	return lightest
}

func (r *Router) pick(peers []Peer) peer.ID { return peers[r.rng.IntN(len(peers))].ID }

func has(peers []Peer, p peer.ID) bool {
	return slices.ContainsFunc(peers, func(o Peer) bool { return o.ID == p })
}

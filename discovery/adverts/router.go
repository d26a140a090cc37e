package adverts

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Advert is a peer's word on where it is, as it travels.
type Advert struct {
	Peer   peer.ID
	Seq    uint64    // of the record
	Seen   time.Time // as told
	Record []byte    // signed by the peer
}

// Send is what to tell one peer, in one message: the node's own advert, or others'.
type Send struct {
	To      peer.ID
	Own     bool
	Adverts []Advert
}

// Router decides who is told of what. It is not safe for concurrent use.
type Router struct {
	cfg    Config
	rng    *rand.Rand
	secret [32]byte
	own    uint64  // sequence number of the node's own record; 0 = it is not to be found
	links  []*link // by peer
	passed memory
}

// New returns a router without links. Its source also feeds the secret by which peers
// are chosen.
func New(cfg Config, src rand.Source, now time.Time) *Router {
	r := &Router{cfg: cfg, rng: rand.New(src), passed: newMemory(cfg.Memory, cfg.Again, now)}
	for i := 0; i < len(r.secret); i += 8 {
		binary.LittleEndian.PutUint64(r.secret[i:], src.Uint64())
	}
	return r
}

// find returns where a peer's link is, or would be.
func (r *Router) find(p peer.ID) (int, bool) {
	return slices.BinarySearchFunc(r.links, p, func(l *link, p peer.ID) int {
		return slices.Compare([]byte(l.peer), []byte(p))
	})
}

func (r *Router) link(p peer.ID) *link {
	if i, ok := r.find(p); ok {
		return r.links[i]
	}
	return nil
}

// Join adds a link. A peer that this node has dialled is told of it at once. One that
// has dialled this node is told of nobody before [Router.Takes]: it may be there for
// blocks alone, or to listen.
func (r *Router) Join(now time.Time, p peer.ID, outbound bool) {
	i, known := r.find(p)
	if known {
		return
	}
	l := newLink(r.cfg, now, p, outbound)
	r.links = slices.Insert(r.links, i, l)
	if outbound && r.own != 0 {
		l.ownAt = now
	}
}

// Takes says that a peer has asked for addresses.
func (r *Router) Takes(p peer.ID) {
	if l := r.link(p); l != nil {
		l.takes = true
	}
}

// Leave removes a link.
func (r *Router) Leave(p peer.ID) {
	if i, ok := r.find(p); ok {
		r.links = slices.Delete(r.links, i, i+1)
	}
}

// Own says under which sequence number the node's own record is to be told, 0 for not
// at all. A new one is told soon.
func (r *Router) Own(now time.Time, seq uint64) {
	if seq == r.own {
		return
	}
	r.own = seq
	for _, l := range r.links {
		switch {
		case seq == 0:
			l.ownAt = time.Time{}
		case l.outbound:
			l.ownAt = now.Add(r.draw(r.cfg.Delay))
		}
	}
}

// Admit says how many of n adverts in a peer's message are to be looked at, and takes
// them from its budget.
func (r *Router) Admit(now time.Time, from peer.ID, n int) int {
	l := r.link(from)
	if l == nil {
		return 0
	}
	got := l.budget.take(now, n)
	l.count.Looked += uint64(got)      // counts
	l.count.Limited += uint64(n - got) // of what is left
	return got
}

// Count returns what became of a peer's adverts.
func (r *Router) Count(p peer.ID) Count {
	l := r.link(p)
	if l == nil {
		return Count{}
	}
	c := l.count
	c.Takes = l.takes
	return c
}

// Heard takes an advert whose signature is good and whose addresses may be dialled,
// from a message of so many; the node knows so many peers.
func (r *Router) Heard(now time.Time, from peer.ID, a Advert, of, known int) {
	id := r.id(a)
	if l := r.link(from); l != nil {
		l.knows.add(now, id)
	}
	if of > r.cfg.Few || a.Peer == "" || now.Sub(a.Seen).Abs() > r.cfg.Fresh || r.passed.has(now, id) {
		return
	}
	r.passed.add(now, id)
	copies := r.cfg.Copies
	if known < r.cfg.Small {
		copies = r.cfg.Flood
	}
	for _, l := range r.chosen(now, from, a.Peer, copies) {
		if l.knows.has(now, id) {
			continue
		}
		l.knows.add(now, id)
		if len(l.queue) == 0 {
			l.flushAt = now.Add(r.draw(r.cfg.Delay))
		}
		if len(l.queue) < r.cfg.Queue {
			l.queue = append(l.queue, a)
		} else {
			l.queue[r.rng.IntN(len(l.queue))] = a
		}
	}
}

// Tick returns what is due.
func (r *Router) Tick(now time.Time) []Send {
	var due []Send
	for _, l := range r.links {
		if !l.ownAt.IsZero() && !now.Before(l.ownAt) {
			l.ownAt = now.Add(r.draw(r.cfg.Own))
			due = append(due, Send{To: l.peer, Own: true})
		}
		if l.flushAt.IsZero() || now.Before(l.flushAt) {
			continue
		}
		// Parts of so few that whoever gets them passes them on.
		for part := range slices.Chunk(l.queue, r.cfg.Few) {
			due = append(due, Send{To: l.peer, Adverts: part})
		}
		l.queue, l.flushAt = nil, time.Time{}
	}
	return due
}

// Next is when something is due; zero = nothing is.
func (r *Router) Next() time.Time {
	var next time.Time
	for _, l := range r.links {
		for _, at := range [...]time.Time{l.ownAt, l.flushAt} {
			if !at.IsZero() && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
	}
	return next
}

// draw draws an exponential time.
func (r *Router) draw(mean time.Duration) time.Duration {
	return time.Duration(r.rng.ExpFloat64() * float64(mean))
}

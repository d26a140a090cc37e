package dandelion

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Router decides where stem transactions go. It is not safe for concurrent use:
// whoever runs the protocol owns it. With eight peers and no transaction it takes
// some 700 bytes, and some 300 more for each transaction held. How many are held
// is the caller's to bound, who stores them.
type Router struct {
	cfg Config
	rng *rand.Rand

	ends     time.Time // of the epoch
	diffuser bool
	outbound []Peer // sorted by id
	stems    []Peer // drawn in this epoch, in the order drawn; some may be gone
	live     []Peer // those of stems in use
	edges    []edge // sorted by from

	seq   uint64
	held  map[chainhash.Hash]*holding
	queue embargoes
}

// NewRouter returns a router in its first epoch. The configuration must be valid.
func NewRouter(cfg Config, src rand.Source, now time.Time) *Router {
	r := &Router{cfg: cfg, rng: rand.New(src)}
	r.begin(now)
	return r
}

// SetPeers tells which peers may be stems: full nodes that this node dialled.
// Edges of a stem that is gone are mapped anew; what has waited for a peer goes.
func (r *Router) SetPeers(now time.Time, outbound []Peer) []Action {
	r.outbound = append(r.outbound[:0], outbound...)
	slices.SortFunc(r.outbound, func(a, b Peer) int { return cmp.Compare(a.ID, b.ID) })
	r.fill()
	return append(r.Tick(now), r.send()...)
}

// Stems returns the peers that stems are handed to at present, at most as many as the
// configuration says.
func (r *Router) Stems() []peer.ID {
	all := make([]peer.ID, len(r.live))
	for i, p := range r.live {
		all[i] = p.ID
	}
	return all
}

// Submit takes a transaction of the node's own. It is always stemmed, whatever
// the epoch (monero #8627).
func (r *Router) Submit(now time.Time, tx chainhash.Hash) []Action {
	if _, ok := r.held[tx]; ok {
		return r.Tick(now) // on its way, or at its end
	}
	return append(r.Tick(now), r.forward(r.hold(now, tx, own)))
}

// Relay takes a transaction that came over an inbound edge in its stem. One that
// is held already has run in a loop and is fluffed at once (grin #2185). Do not
// call it for what is in the mempool.
func (r *Router) Relay(now time.Time, tx chainhash.Hash, from peer.ID) []Action {
	// Before Tick, which may end its embargo: it would look new, and be stemmed
	// after its fluff.
	if h, ok := r.held[tx]; ok {
		return append([]Action{r.fluff(h, from, Loop)}, r.Tick(now)...)
	}
	actions := r.Tick(now)
	if r.cfg.Diffusing == PerEpoch && r.diffuser {
		return append(actions, Fluff{Tx: tx, Except: from, Cause: Diffuser})
	}
	if r.cfg.Diffusing == PerHop && r.rng.Float64() < r.cfg.FluffChance {
		return append(actions, Fluff{Tx: tx, Except: from, Cause: Chosen})
	}
	return append(actions, r.forward(r.hold(now, tx, from)))
}

// Failed says that a transaction could not be handed over. It takes the other
// stem, and never a third: each learns of it. That changes neither the map nor
// the stems, or refusing would be a way to re-roll them.
func (r *Router) Failed(now time.Time, tx chainhash.Hash, to peer.ID) []Action {
	actions := r.Tick(now)
	h, ok := r.held[tx]
	if !ok || to == "" || h.to != to {
		return actions // it is not there any more
	}
	if !h.again {
		for _, p := range r.live {
			if p.ID != to && p.ID != h.From {
				h.to, h.again = p.ID, true
				return append(actions, Stem{Tx: tx, To: p.ID, Until: h.Until})
			}
		}
	}
	return append(actions, r.fluff(h, h.From, NoPeer))
}

// Seen forgets a transaction: it has been fluffed by somebody, or mined, or is
// worth nothing any more.
func (r *Router) Seen(tx chainhash.Hash) {
	if h, ok := r.held[tx]; ok {
		r.forget(h)
	}
}

// Tick returns what is due at now. It may be called at any time.
func (r *Router) Tick(now time.Time) []Action {
	var actions []Action
	for len(r.queue) > 0 && !now.Before(r.queue[0].Until) {
		actions = append(actions, r.fluff(r.queue[0], r.queue[0].From, Embargo))
	}
	if !now.Before(r.ends) {
		r.begin(now)
		actions = append(actions, r.send()...)
	}
	return actions
}

// Next is when Tick is worth calling again.
func (r *Router) Next() time.Time {
	if len(r.queue) > 0 && r.queue[0].Until.Before(r.ends) {
		return r.queue[0].Until
	}
	return r.ends
}

// Restore takes back what was held before a restart. What had been handed on is
// not again: its embargo alone remains.
func (r *Router) Restore(held []Held) {
	for _, h := range held {
		if _, ok := r.held[h.Tx]; !ok {
			r.keep(h)
		}
	}
}

// Held returns a transaction that is held, for whoever stores it.
func (r *Router) Held(tx chainhash.Hash) (Held, bool) {
	h, ok := r.held[tx]
	if !ok {
		return Held{}, false
	}
	return h.Held, true
}

// Len is how many transactions are held.
func (r *Router) Len() int { return len(r.queue) }

// forward hands a transaction on, if there is anybody.
func (r *Router) forward(h *holding) Action {
	to := r.route(h.From)
	if to == "" {
		return Wait{Tx: h.Tx, Until: h.Until}
	}
	h.Stemmed, h.to = true, to
	return Stem{Tx: h.Tx, To: to, Until: h.Until}
}

// send hands on what has waited for a peer, in the order in which it came.
func (r *Router) send() []Action {
	if len(r.queue) == 0 || len(r.live) == 0 {
		return nil
	}
	waiting := slices.DeleteFunc(slices.Clone(r.queue), func(h *holding) bool { return h.Stemmed })
	slices.SortFunc(waiting, func(a, b *holding) int { return cmp.Compare(a.seq, b.seq) })
	actions := make([]Action, 0, len(waiting))
	for _, h := range waiting {
		actions = append(actions, r.forward(h))
	}
	return actions
}

func (r *Router) fluff(h *holding, except peer.ID, cause Cause) Action {
	r.forget(h)
	return Fluff{Tx: h.Tx, Except: except, Cause: cause}
}

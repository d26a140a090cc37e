package slots

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Config is how links rotate.
type Config struct {
	Mean   time.Duration // between two rotations, exponential; 0 = never
	MinAge time.Duration // a younger link is not dropped
	Give   time.Duration // how long a new link may take to come up
}

// DefaultConfig returns a mean of 30 min (issue 3, part 6): three epochs of
// Dandelion's, so that most stems end with their epoch and not with their link.
// A rotation costs a handshake of 3 ms of CPU on either side. A link is kept for
// one epoch at least, and a dial is given twice the time-out of one address.
func DefaultConfig() Config {
	return Config{Mean: 30 * time.Minute, MinAge: 10 * time.Minute, Give: 30 * time.Second}
}

// Link is an outbound link that is up.
type Link struct {
	Peer      peer.ID
	Since     time.Time
	Protected bool // it stays: the operator named it, or it is one for blocks alone
}

// Action is what to do. The set is closed: [Dial], [Drop].
type Action interface{ action() }

// Dial opens a link.
type Dial struct{ Peer peer.ID }

// Drop closes one.
type Drop struct{ Peer peer.ID }

func (Dial) action() {}
func (Drop) action() {}

// Rotation decides when which outbound link makes way for another. It is not safe
// for concurrent use.
type Rotation struct {
	cfg     Config
	rng     *rand.Rand
	next    time.Time
	opening peer.ID   // dialled to take a link's place; "" = none
	until   time.Time // when the dial counts as failed
}

// NewRotation returns one whose first turn comes after an exponential time.
func NewRotation(cfg Config, src rand.Source, now time.Time) *Rotation {
	r := &Rotation{cfg: cfg, rng: rand.New(src)}
	r.schedule(now)
	return r
}

// Next is when to call Tick again; zero = never. Call it as well when a link has
// come up.
func (r *Rotation) Next() time.Time {
	if r.opening != "" {
		return r.until
	}
	return r.next
}

// Tick says what to do, given the outbound links that are up and peers that could
// be dialled instead, none of them linked.
func (r *Rotation) Tick(now time.Time, links []Link, candidates []peer.ID) []Action {
	if r.cfg.Mean <= 0 {
		return nil
	}
	if r.opening != "" {
		return r.opened(now, links)
	}
	if now.Before(r.next) {
		return nil
	}
	if len(candidates) == 0 || len(r.mayGo(now, links)) == 0 {
		r.schedule(now)
		return nil
	}
	r.opening = candidates[r.rng.IntN(len(candidates))]
	r.until = now.Add(r.cfg.Give)
	return []Action{Dial{r.opening}}
}

// opened drops a link once the new one is up.
func (r *Rotation) opened(now time.Time, links []Link) []Action {
	up := slices.ContainsFunc(links, func(l Link) bool { return l.Peer == r.opening })
	if !up && now.Before(r.until) {
		return nil
	}
	fresh := r.opening
	r.opening = ""
	r.schedule(now)
	if !up {
		return nil
	}
	old := slices.DeleteFunc(r.mayGo(now, links), func(l Link) bool { return l.Peer == fresh })
	if len(old) == 0 {
		return nil // they have gone by themselves
	}
	return []Action{Drop{old[r.rng.IntN(len(old))].Peer}}
}

// mayGo returns the links that may be dropped, in an order that no map decides.
func (r *Rotation) mayGo(now time.Time, links []Link) []Link {
	var old []Link
	for _, l := range links {
		if !l.Protected && now.Sub(l.Since) >= r.cfg.MinAge {
			old = append(old, l)
		}
	}
	slices.SortFunc(old, func(a, b Link) int { return slices.Compare([]byte(a.Peer), []byte(b.Peer)) })
	return old
}

func (r *Rotation) schedule(now time.Time) {
	if r.cfg.Mean <= 0 {
		r.next = time.Time{}
		return
	}
	r.next = now.Add(time.Duration(r.rng.ExpFloat64() * float64(r.cfg.Mean)))
}

package slots

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// world carries out what a rotation says on a set of links.
type world struct {
	links []Link
	peers []peer.ID
	fails func() bool // whether a dial fails
	least int
}

func newWorld(linked, known int) *world {
	w := &world{fails: func() bool { return false }, least: linked}
	for i := range known {
		w.peers = append(w.peers, peer.ID(fmt.Sprintf("p%02d", i)))
	}
	for _, p := range w.peers[:linked] {
		w.links = append(w.links, Link{Peer: p, Since: start()})
	}
	return w
}

func (w *world) candidates() []peer.ID {
	return slices.DeleteFunc(slices.Clone(w.peers), func(p peer.ID) bool {
		return slices.ContainsFunc(w.links, func(l Link) bool { return l.Peer == p })
	})
}

// run drives a rotation to an end and returns its drops.
func (w *world) run(r *Rotation, end time.Time) (dropped []peer.ID, at []time.Time) {
	for now := r.Next(); !now.IsZero() && now.Before(end); now = r.Next() {
		actions := r.Tick(now, w.links, w.candidates())
		if len(actions) == 1 {
			if d, ok := actions[0].(Dial); ok && !w.fails() {
				now = now.Add(time.Second)
				w.links = append(w.links, Link{Peer: d.Peer, Since: now})
				actions = r.Tick(now, w.links, w.candidates())
			}
		}
		for _, a := range actions {
			if d, ok := a.(Drop); ok {
				w.links = slices.DeleteFunc(w.links, func(l Link) bool { return l.Peer == d.Peer })
				dropped, at = append(dropped, d.Peer), append(at, now)
			}
		}
		w.least = min(w.least, len(w.links))
	}
	return dropped, at
}

func TestLinksRotateOneAtATimeAndNeverBelowTheTarget(t *testing.T) {
	w := newWorld(8, 40)
	r := NewRotation(DefaultConfig(), rand.NewPCG(1, 1), start())
	dropped, at := w.run(r, start().Add(2000*time.Hour))
	if w.least < 8 || len(w.links) != 8 {
		t.Errorf("there were %d links at the least and %d at the end, want 8", w.least, len(w.links))
	}
	// The gaps are exponential with a mean of 30 min: over n of them the mean has
	// a standard error of 30 min/√n; four of those.
	mean := at[len(at)-1].Sub(start()) / time.Duration(len(at))
	bound := 4 * 30 * time.Minute / time.Duration(math.Sqrt(float64(len(at))))
	if (mean - 30*time.Minute).Abs() > bound {
		t.Errorf("%d rotations, one in %v, want 30m ± %v", len(at), mean, bound)
	}
	if kinds := len(slices.Compact(slices.Sorted(slices.Values(dropped)))); kinds != 40 {
		t.Errorf("%d of 40 peers were ever dropped", kinds)
	}
}

func TestProtectedAndYoungLinksStay(t *testing.T) {
	w := newWorld(4, 10)
	w.links[0].Protected = true
	r := NewRotation(DefaultConfig(), rand.NewPCG(2, 2), start())
	dropped, _ := w.run(r, start().Add(100*time.Hour))
	if slices.Contains(dropped, w.peers[0]) {
		t.Error("a protected link was dropped")
	}
	if len(dropped) == 0 {
		t.Error("nothing was dropped at all")
	}
	r = NewRotation(Config{Mean: time.Minute, MinAge: time.Hour, Give: time.Second}, rand.NewPCG(3, 3), start())
	if dropped, at := newWorld(4, 10).run(r, start().Add(90*time.Minute)); len(at) > 0 && at[0].Sub(start()) < time.Hour {
		t.Errorf("%v was dropped after %v", dropped[0], at[0].Sub(start()))
	}
}

func TestFailedDialsCostNoLink(t *testing.T) {
	w := newWorld(8, 40)
	w.fails = func() bool { return true }
	if dropped, _ := w.run(NewRotation(DefaultConfig(), rand.NewPCG(4, 4), start()), start().Add(100*time.Hour)); len(dropped) > 0 {
		t.Errorf("%d links were dropped for peers that did not answer", len(dropped))
	}
}

func TestRotationThatIsOffNeverRings(t *testing.T) {
	r := NewRotation(Config{}, rand.NewPCG(5, 5), start())
	if !r.Next().IsZero() || r.Tick(start().Add(time.Hour), newWorld(8, 40).links, []peer.ID{"x"}) != nil {
		t.Error("it does something")
	}
}

func TestSameSeedSameLinks(t *testing.T) {
	run := func(seed uint64) []peer.ID {
		dropped, _ := newWorld(8, 40).run(NewRotation(DefaultConfig(), rand.NewPCG(seed, 6), start()), start().Add(100*time.Hour))
		return dropped
	}
	if !slices.Equal(run(6), run(6)) || slices.Equal(run(6), run(7)) {
		t.Error("the links do not follow from the seed")
	}
}

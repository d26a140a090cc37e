package dandelion

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// stemOf sends a new transaction over an edge, tells whom it went to, and forgets
// it. The clock stands still, so that no embargo ends.
func stemOf(tb testing.TB, r *Router, from peer.ID) peer.ID {
	tb.Helper()
	hash := tx(1)
	if from == own {
		defer r.Seen(hash)
		return one[Stem](tb, r.Submit(start(), hash)).To
	}
	defer r.Seen(hash)
	return one[Stem](tb, r.Relay(start(), hash, from)).To
}

func TestRouterKeepsEachEdgeOnOneStem(t *testing.T) {
	for _, routing := range []Routing{PerEdge, OneToOne, AllToOne} {
		cfg := relaying()
		cfg.Routing = routing
		for seed := range uint64(100) {
			r, rng := router(cfg, seed, 8), rand.New(rand.NewPCG(seed, 7))
			to := make(map[peer.ID]peer.ID)
			for range 200 {
				from := own
				if n := rng.IntN(9); n > 0 {
					from = inbound(n)
				}
				got := stemOf(t, r, from)
				if before, ok := to[from]; ok && before != got {
					t.Fatalf("%v: edge %q went to %q and then to %q in one epoch", routing, from, before, got)
				}
				to[from] = got
			}
			used := make(map[peer.ID]bool)
			for _, p := range to {
				used[p] = true
			}
			if len(used) > 2 || (routing == AllToOne && len(used) != 1) {
				t.Fatalf("%v: %d stems are in use", routing, len(used))
			}
		}
	}
}

func TestOneToOneSharesEdgesEvenly(t *testing.T) {
	cfg := relaying()
	cfg.Routing = OneToOne
	for seed := range uint64(100) {
		r, load := router(cfg, seed, 8), make(map[peer.ID]int)
		for i := range 20 {
			load[stemOf(t, r, inbound(i))]++
			if i == 9 {
				stemOf(t, r, own) // takes nobody's place
			}
		}
		for p, n := range load {
			if n != 10 {
				t.Fatalf("seed %d: %q has %d of 20 edges, want 10", seed, p, n)
			}
		}
	}
}

// A node's own transactions and those that it relays must not differ by their
// route. Over many routers, which see their first edges in any order: the own
// edge's stem is each of the eight peers as often as another edge's is, and it is
// shared with each of two inbound edges equally often. How often is what the routing
// makes of it: half the time by free draws, always if there is one stem. One to one,
// two inbound edges never share a stem, so that either has the own traffic for
// company half the time: when own traffic took a place of its own, it had company
// a third of the time, and the simulator's spies were right nearly twice as often.
// 6,000 trials have standard errors of 0.0065 and, of an eighth, 0.0043; the
// bounds are four of them.
func TestOwnTransactionsTakeNoWayOfTheirOwn(t *testing.T) {
	const trials = 6000
	agree := []struct{ own, inbound float64 }{PerEdge: {.5, .5}, OneToOne: {.5, 0}, PerTx: {.5, .5}, AllToOne: {1, 1}}
	for routing, want := range agree {
		cfg := relaying()
		cfg.Routing = Routing(routing)
		edges := []peer.ID{own, inbound(1), inbound(2)}
		pairs, stems := [3]int{}, [3]map[peer.ID]int{{}, {}, {}}
		for seed := range uint64(trials) {
			r, to := router(cfg, seed, 8), [3]peer.ID{}
			for _, e := range rand.New(rand.NewPCG(seed, 3)).Perm(3) {
				to[e] = stemOf(t, r, edges[e])
				stems[e][to[e]]++
			}
			for e := range to {
				if to[e] == to[(e+1)%3] {
					pairs[e]++
				}
			}
		}
		for e, edge := range edges {
			both := want.own
			if e == 1 {
				both = want.inbound
			}
			if share := float64(pairs[e]) / trials; math.Abs(share-both) > 0.026 {
				t.Errorf("%v: edges %q and %q share a stem in %.3f of trials, want %.3f", cfg.Routing, edge, edges[(e+1)%3], share, both)
			}
			for _, p := range peers(8) {
				if share := float64(stems[e][p.ID]) / trials; math.Abs(share-1./8) > 0.0172 {
					t.Errorf("%v: %q is the stem of edge %q in %.3f of trials, want 0.125", cfg.Routing, p.ID, edge, share)
				}
			}
		}
	}
}

// Under every routing: the upstream has the transaction.
func TestNothingGoesBackWhereItCameFromIfThereIsAnother(t *testing.T) {
	for routing := PerEdge; routing <= AllToOne; routing++ {
		cfg := relaying()
		cfg.Routing = routing
		for seed := range uint64(200) {
			r := router(cfg, seed, 2)
			for i := range 6 {
				from := inbound(i)
				if i%2 == 0 {
					from = peers(2)[i/2%2].ID
				}
				if stemOf(t, r, from) == from {
					t.Fatalf("%v: seed %d: back to %q", routing, seed, from)
				}
			}
		}
	}
}

// Row D7: whoever reconnects, until it is chosen, is not. A stem that leaves and
// comes back is what it was, also if another took its place meanwhile, and who
// dials in or is dialled after the draw waits for the next one.
func TestReconnectingReRollsNothing(t *testing.T) {
	for seed := range uint64(100) {
		r := router(relaying(), seed, 8)
		edge := stemOf(t, r, "in")
		chosen := slices.Clone(r.live)
		for i := range 50 {
			r.SetPeers(start(), slices.DeleteFunc(peers(8), func(p Peer) bool { return p.ID == edge }))
			r.SetPeers(start(), append(peers(8), Peer{ID: inbound(i), Group: "new"}))
		}
		if !slices.Equal(r.live, chosen) || stemOf(t, r, "in") != edge {
			t.Fatalf("seed %d: the stems were %v and are %v", seed, chosen, r.live)
		}
		var lost []peer.ID // those that were stems, at any moment of this
		for _, s := range r.stems {
			lost = append(lost, s.ID)
		}
		if len(lost) != 3 {
			t.Fatalf("seed %d: fifty returns drew %q, want one stand-in beside the two", seed, lost)
		}
	}
}

// An observer with many names fills the map of an epoch. The own edge and those
// known keep their stems, each new one has one too, and the map stays bounded.
func TestMapIsBounded(t *testing.T) {
	for _, routing := range []Routing{PerEdge, OneToOne} {
		cfg := relaying()
		cfg.Routing = routing
		r := router(cfg, 1, 8)
		first := stemOf(t, r, inbound(0))
		for i := range maxEdges + 100 {
			stemOf(t, r, inbound(i))
		}
		late := stemOf(t, r, inbound(maxEdges+50))
		mine := stemOf(t, r, own)
		for range 20 {
			if stemOf(t, r, inbound(0)) != first || stemOf(t, r, inbound(maxEdges+50)) != late || stemOf(t, r, own) != mine {
				t.Fatalf("%v: an edge moved in its epoch", routing)
			}
		}
		if len(r.edges) > maxEdges+1 {
			t.Errorf("%v: %d edges are mapped", routing, len(r.edges))
		}
		r.Tick(r.Next())
		if r.edges != nil {
			t.Errorf("%v: %d edges outlive their epoch", routing, len(r.edges))
		}
	}
}

// Names in numbers do not take the own edge to the stem that they share.
func TestOwnEdgeIsDrawnThoughTheMapIsFull(t *testing.T) {
	together := 0
	for seed := range uint64(20) {
		r := router(relaying(), seed, 8)
		for i := range maxEdges {
			stemOf(t, r, inbound(i))
		}
		if stemOf(t, r, own) == stemOf(t, r, inbound(maxEdges)) {
			together++
		}
	}
	if together == 0 || together == 20 { // one seed set in 500,000
		t.Errorf("the own edge took the latecomers' stem in %d of 20 routers", together)
	}
}

// Nor does a network that falls apart fill the memory with stems that are lost.
func TestLostStemsAreBounded(t *testing.T) {
	r := router(relaying(), 1, 2)
	for i := range 1000 {
		r.SetPeers(start(), []Peer{{ID: inbound(i)}, {ID: inbound(i + 1)}, {ID: inbound(i + 2)}})
		if len(r.live) != 2 || len(r.stems) > maxStems*2+1 {
			t.Fatalf("%d in use, %d remembered", len(r.live), len(r.stems))
		}
	}
}

func TestStemsAreOfDifferentGroups(t *testing.T) {
	crowd := peers(8)
	for i := range crowd[1:] {
		crowd[i+1].Group = "crowd"
	}
	for seed := range uint64(100) {
		r := NewRouter(relaying(), rand.NewPCG(seed, seed), start())
		r.SetPeers(start(), crowd)
		if len(r.live) != 2 || r.live[0].Group == r.live[1].Group {
			t.Fatalf("stems %v", r.live)
		}
		r.SetPeers(start(), crowd[1:]) // where it is not possible
		if len(r.live) != 2 || r.live[0].ID == r.live[1].ID {
			t.Fatalf("stems %v", r.live)
		}
	}
}

func TestPeersAreNotTheCallersToChange(t *testing.T) {
	links := peers(2)
	slices.Reverse(links)
	r := NewRouter(relaying(), rand.NewPCG(1, 1), start())
	r.SetPeers(start(), links)
	if links[0] != peers(2)[1] {
		t.Error("the caller's peers were sorted")
	}
	links[0], links[1] = Peer{ID: "x"}, Peer{ID: "y"}
	r.Tick(r.Next())
	if to := stemOf(t, r, own); to == "x" || to == "y" {
		t.Errorf("stemmed to %q, which is not connected", to)
	}
}

func TestEpochsChangeTheMap(t *testing.T) {
	const epochs = 2000
	r := router(relaying(), 1, 8)
	seen := make(map[peer.ID]int)
	var lengths []time.Duration
	now := start()
	for i := range epochs {
		next := r.Next()
		lengths = append(lengths, next.Sub(now))
		now = next
		r.Tick(now)
		seen[one[Stem](t, r.Relay(now, tx(i), "in")).To]++
		r.Seen(tx(i))
	}
	for _, p := range peers(8) { // 250 ± 4·14.8 of 2,000 draws
		if n := seen[p.ID]; n < 190 || n > 310 {
			t.Errorf("%q was the edge's stem in %d of %d epochs, want 250", p.ID, n, epochs)
		}
	}
	if shortest, longest := slices.Min(lengths), slices.Max(lengths); shortest < 10*time.Minute || longest > 630*time.Second || longest-shortest < 25*time.Second {
		t.Errorf("epochs last from %v to %v, want 600 s to 630 s", shortest, longest)
	}
}

// A node is a diffuser for whole epochs, and for a tenth of them.
func TestShareOfDiffusers(t *testing.T) {
	const trials = 20_000
	n := 0
	for seed := range uint64(trials) {
		r := router(DefaultConfig(), seed, 2)
		_, first := r.Relay(start(), tx(1), inbound(1))[0].(Fluff)
		_, second := r.Relay(start(), tx(2), inbound(2))[0].(Fluff)
		if first != second {
			t.Fatalf("seed %d: diffuser %v, then %v, in one epoch", seed, first, second)
		}
		if first {
			n++
		}
	}
	// q = 0.1; four standard errors of √(0.1·0.9/20,000).
	if share := float64(n) / trials; math.Abs(share-0.1) > 0.0085 {
		t.Errorf("%.4f of the routers are diffusers, want 0.1", share)
	}
}

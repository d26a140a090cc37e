package dandelion

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func tx(n int) (h chainhash.Hash) {
	binary.BigEndian.PutUint64(h[:], uint64(n)) // a small count
	return h
}

func peers(n int) []Peer {
	all := make([]Peer, n)
	for i := range all {
		all[i] = Peer{ID: peer.ID(fmt.Sprintf("out%02d", i)), Group: fmt.Sprint(i)}
	}
	return all
}

// relaying is the default without diffusers, so that a story says what happens.
func relaying() Config {
	cfg := DefaultConfig()
	cfg.FluffChance = 0
	return cfg
}

func router(cfg Config, seed uint64, outbound int) *Router {
	r := NewRouter(cfg, rand.NewPCG(seed, seed), start())
	r.SetPeers(start(), peers(outbound))
	return r
}

// one returns the only action, which must be of type A.
func one[A Action](tb testing.TB, actions []Action) A {
	tb.Helper()
	if len(actions) == 1 {
		if a, ok := actions[0].(A); ok {
			return a
		}
	}
	var want A
	tb.Fatalf("got %#v, want one %T", actions, want)
	return want
}

func TestRouterKeepsEachEdgeOnOneStem(t *testing.T) {
	for _, routing := range []Routing{PerEdge, OneToOne, AllToOne} {
		cfg := relaying()
		cfg.Routing = routing
		for seed := range uint64(50) {
			r := router(cfg, seed, 8)
			now, to := start(), make(map[peer.ID]peer.ID)
			for i := range 400 {
				now = now.Add(time.Second)
				from := peer.ID(fmt.Sprintf("in%d", i%9))
				if i%9 == 0 {
					from = own
				}
				var got Stem
				for _, a := range r.Relay(now, tx(i), from) {
					if s, ok := a.(Stem); ok && s.Tx == tx(i) {
						got = s
					}
				}
				if before, ok := to[from]; ok && before != got.To {
					t.Fatalf("routing %d: edge %q went to %q and then to %q in one epoch", routing, from, before, got.To)
				}
				to[from] = got.To
			}
			used := make(map[peer.ID]bool)
			for _, p := range to {
				used[p] = true
			}
			if len(used) > 2 || (routing == AllToOne && len(used) != 1) || used[""] {
				t.Fatalf("routing %d: %d stems are in use", routing, len(used))
			}
		}
	}
}

func TestOneToOneSharesEdgesEvenly(t *testing.T) {
	cfg := relaying()
	cfg.Routing = OneToOne
	r := router(cfg, 3, 8)
	load := make(map[peer.ID]int)
	for i := range 20 {
		load[one[Stem](t, r.Relay(start(), tx(i), peer.ID(fmt.Sprintf("in%02d", i)))).To]++
	}
	for p, n := range load {
		if n != 10 {
			t.Errorf("%q has %d of 20 edges, want 10", p, n)
		}
	}
}

// A node's own transactions and those that it relays must not differ by the
// choice of their route: over many routers the own edge takes the stem that some
// other edge takes as often as two other edges agree, which is half the time.
// 4,000 trials have a standard error of 0.008; the bound is four of them.
func TestOwnTransactionsTakeNoWayOfTheirOwn(t *testing.T) {
	const trials = 4000
	ownLike, otherLike := 0, 0
	for seed := range uint64(trials) {
		r := router(relaying(), seed, 8)
		a := one[Stem](t, r.Submit(start(), tx(1))).To
		b := one[Stem](t, r.Relay(start(), tx(2), "in1")).To
		c := one[Stem](t, r.Relay(start(), tx(3), "in2")).To
		if a == b {
			ownLike++
		}
		if b == c {
			otherLike++
		}
	}
	for name, n := range map[string]int{"own": ownLike, "other": otherLike} {
		if share := float64(n) / trials; math.Abs(share-0.5) > 0.032 {
			t.Errorf("%s edge agrees with another in %.3f of trials, want 0.5", name, share)
		}
	}
}

// monero #8627: own transactions were fluffed at once in an epoch of diffusing.
func TestOwnTransactionsAreStemmedInEveryEpoch(t *testing.T) {
	cfg := DefaultConfig()
	cfg.FluffChance = 1
	for _, cfg.Diffusing = range []Diffusing{PerEpoch, PerHop} {
		r := router(cfg, 1, 8)
		one[Stem](t, r.Submit(start(), tx(1)))
		one[Fluff](t, r.Relay(start(), tx(2), "in"))
	}
}

func TestShareOfDiffusers(t *testing.T) {
	const trials = 20_000
	n := 0
	for seed := range uint64(trials) {
		if _, ok := router(DefaultConfig(), seed, 2).Relay(start(), tx(1), "in")[0].(Fluff); ok {
			n++
		}
	}
	// q = 0.1; four standard errors of √(0.1·0.9/20,000).
	if share := float64(n) / trials; math.Abs(share-0.1) > 0.0085 {
		t.Errorf("%.4f of the routers are diffusers, want 0.1", share)
	}
}

// monero #9295: the embargo was drawn from a Poisson distribution, and its mean
// with the decimal logarithm. Of an exponential the share 1 − 1/e ends before
// its mean; 20,000 draws have a standard error of 0.0034 and a mean to within
// 0.7 %. Bounds are four times that.
func TestEmbargoIsExponentialWithNaturalLogarithm(t *testing.T) {
	if mean := EmbargoMean(5, 0.1, 175*time.Millisecond); (mean - 16_610*time.Millisecond).Abs() > 10*time.Millisecond {
		t.Errorf("the mean is %v, want 16.61 s", mean)
	}
	const draws = 20_000
	r := router(relaying(), 5, 2)
	var sum time.Duration
	early := 0
	for i := range draws {
		embargo := one[Stem](t, r.Submit(start(), tx(i))).Until.Sub(start())
		sum += embargo
		if embargo < DefaultConfig().Embargo {
			early++
		}
	}
	if mean := sum / draws; math.Abs(float64(mean)/float64(DefaultConfig().Embargo)-1) > 0.028 {
		t.Errorf("the embargoes' mean is %v, want %v", mean, DefaultConfig().Embargo)
	}
	if share := float64(early) / draws; math.Abs(share-(1-1/math.E)) > 0.0136 {
		t.Errorf("%.3f end before the mean, want 0.632", share)
	}
}

// A stem peer that swallows everything: the embargo ends, and this node fluffs.
func TestRouterFluffsWhenEmbargoEnds(t *testing.T) {
	r := router(relaying(), 1, 2)
	until := one[Stem](t, r.Relay(start(), tx(1), "in")).Until
	if r.Next() != until {
		t.Fatalf("next at %v, want %v", r.Next(), until)
	}
	if got := r.Tick(until.Add(-time.Nanosecond)); got != nil {
		t.Fatalf("%#v before the embargo ended", got)
	}
	if got := one[Fluff](t, r.Tick(until)); got != (Fluff{tx(1), "in", Embargo}) {
		t.Errorf("%#v", got)
	}
	if got := r.Tick(until.Add(time.Second)); got != nil || r.Len() != 0 {
		t.Errorf("fluffed twice: %#v", got)
	}
}

func TestSeenEndsTheEmbargo(t *testing.T) {
	r := router(relaying(), 1, 2)
	until := one[Stem](t, r.Submit(start(), tx(1))).Until
	r.Seen(tx(1))
	if got := r.Tick(until); got != nil || r.Len() != 0 {
		t.Errorf("%#v after it was seen", got)
	}
}

// grin #2185: a stem that came back was dropped and left to the embargo. monero
// #9334: the fluff that a loop causes must not go to where it came from first.
func TestLoopIsFluffedAtOnceAndNotBack(t *testing.T) {
	r := router(relaying(), 1, 2)
	one[Stem](t, r.Submit(start(), tx(1)))
	if got := one[Fluff](t, r.Relay(start().Add(time.Second), tx(1), "in")); got != (Fluff{tx(1), "in", Loop}) {
		t.Errorf("%#v", got)
	}
	if r.Len() != 0 {
		t.Error("it is held still")
	}
}

// grin #1982: 15 % of stems hit an embargo that every hop waited on. Over 5 hops
// of 175 ms at most ε = 10 % may; 5,000 stems have a standard error of 0.4 %.
func TestFewStemsAreCutShortByAnEmbargo(t *testing.T) {
	const trials, hops, hop = 5000, 5, 175 * time.Millisecond
	cut := 0
	for seed := range uint64(trials) {
		for k := range hops {
			r := router(relaying(), seed*hops+uint64(k), 2)
			arrived := start().Add(time.Duration(k) * hop)
			if one[Stem](t, r.Relay(arrived, tx(1), "in")).Until.Before(start().Add((hops - 1) * hop)) {
				cut++
				break
			}
		}
	}
	if share := float64(cut) / trials; share > 0.1+4*0.0042 {
		t.Errorf("%.3f of the stems are cut short, want at most 0.1", share)
	}
}

func TestLostStemIsReplacedAndATransactionGoesToTwoAtMost(t *testing.T) {
	r := router(relaying(), 1, 8)
	first := one[Stem](t, r.Submit(start(), tx(1)))
	second := one[Stem](t, r.Failed(start(), tx(1), first.To))
	if second.To == first.To || second.Until != first.Until {
		t.Fatalf("%#v after %#v", second, first)
	}
	if got := r.Failed(start(), tx(1), "somebody else"); got != nil {
		t.Errorf("%#v for a peer that never had it", got)
	}
	if got := one[Fluff](t, r.Failed(start(), tx(1), second.To)); got.Cause != NoPeer {
		t.Errorf("%#v", got)
	}
	// The edge itself goes on over another stem.
	r.SetPeers(start(), slices.DeleteFunc(peers(8), func(p Peer) bool { return p.ID == first.To }))
	if got := one[Stem](t, r.Submit(start(), tx(2))); got.To == first.To {
		t.Errorf("%q is gone", got.To)
	}
}

// A peer that leaves and comes back is what it was: re-rolls are not to be had by
// reconnecting (row D7), nor by coming in numbers.
func TestReconnectingReRollsNothing(t *testing.T) {
	for seed := range uint64(100) {
		r := router(relaying(), seed, 8)
		before := one[Stem](t, r.Relay(start(), tx(0), "in")).To
		r.Seen(tx(0))
		for i := range 5 {
			now := start().Add(time.Duration(i) * time.Second)
			r.SetPeers(now, slices.DeleteFunc(peers(8), func(p Peer) bool { return p.ID == before }))
			r.SetPeers(now, append(peers(8), Peer{ID: peer.ID(fmt.Sprintf("new%d", i)), Group: "new"}))
		}
		if got := one[Stem](t, r.Relay(start().Add(5*time.Second), tx(1), "in")); got.To != before {
			t.Fatalf("seed %d: the edge moved from %q to %q", seed, before, got.To)
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
		if live := r.live; len(live) != 2 || live[0].Group == live[1].Group {
			t.Fatalf("stems %v", live)
		}
	}
}

func TestTransactionWaitsForAPeer(t *testing.T) {
	r := router(relaying(), 1, 0)
	wait := one[Wait](t, r.Submit(start(), tx(1)))
	if got := one[Stem](t, r.SetPeers(start().Add(time.Millisecond), peers(1))); got.Until != wait.Until {
		t.Errorf("%#v after %#v", got, wait)
	}
	r = router(relaying(), 1, 0)
	wait = one[Wait](t, r.Submit(start(), tx(1)))
	if got := one[Fluff](t, r.Tick(wait.Until)); got.Cause != Embargo {
		t.Errorf("%#v", got)
	}
}

func TestOnePeerServesEveryEdge(t *testing.T) {
	r := router(relaying(), 1, 1)
	for i, from := range []peer.ID{own, "in1", "in2", peers(1)[0].ID} {
		if got := one[Stem](t, r.Relay(start(), tx(i), from)); got.To != peers(1)[0].ID {
			t.Errorf("%#v", got)
		}
	}
}

func TestNothingGoesBackWhereItCameFromIfThereIsAnother(t *testing.T) {
	for seed := range uint64(200) {
		r := router(relaying(), seed, 2)
		for i, p := range peers(2) {
			if got := one[Stem](t, r.Relay(start(), tx(i), p.ID)); got.To == p.ID {
				t.Fatalf("seed %d: back to %q", seed, p.ID)
			}
		}
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

func TestRestoredTransactionsAreNotStemmedAgain(t *testing.T) {
	r := NewRouter(relaying(), rand.NewPCG(1, 1), start())
	r.Restore([]Held{
		{Tx: tx(1), From: "in", Stemmed: true, Until: start().Add(time.Second)},
		{Tx: tx(2), Until: start().Add(time.Minute)}, // had waited for a peer
		{Tx: tx(3), Stemmed: true, Until: start().Add(-time.Hour)},
	})
	if got := one[Fluff](t, r.Tick(start())); got.Tx != tx(3) || got.Cause != Embargo {
		t.Errorf("%#v", got)
	}
	if got := one[Stem](t, r.SetPeers(start(), peers(2))); got.Tx != tx(2) || got.Until != start().Add(time.Minute) {
		t.Errorf("%#v", got)
	}
	if got := one[Fluff](t, r.Tick(start().Add(time.Second))); got.Tx != tx(1) {
		t.Errorf("%#v", got)
	}
}

// Whatever happens, each transaction is held under an embargo, or has been
// fluffed, or seen; never two of them and never none. And the same seed gives the
// same actions.
func TestNoTransactionIsLost(t *testing.T) {
	run := func(seed uint64) uint64 {
		rng := rand.New(rand.NewPCG(seed, 99))
		cfg := DefaultConfig()
		cfg.Routing, cfg.Diffusing = Routing(seed%4), Diffusing(seed/4%2)
		r := NewRouter(cfg, rand.NewPCG(seed, 1), start())
		now, trace := start(), fnv.New64a()
		open, ended := make(map[chainhash.Hash]bool), make(map[chainhash.Hash]bool)
		handed := make(map[chainhash.Hash]map[peer.ID]bool)
		last := make(map[chainhash.Hash]peer.ID)
		apply := func(actions []Action) {
			for _, a := range actions {
				fmt.Fprintf(trace, "%T%v", a, a)
				switch a := a.(type) {
				case Fluff:
					if ended[a.Tx] || !open[a.Tx] {
						t.Fatalf("seed %d: %v fluffed, open %v, ended %v", seed, a.Tx, open[a.Tx], ended[a.Tx])
					}
					ended[a.Tx] = true
					delete(open, a.Tx)
				case Stem:
					if handed[a.Tx] == nil {
						handed[a.Tx] = make(map[peer.ID]bool)
					}
					handed[a.Tx][a.To], last[a.Tx] = true, a.To
					if len(handed[a.Tx]) > 2 {
						t.Fatalf("seed %d: %v went to %d peers", seed, a.Tx, len(handed[a.Tx]))
					}
				case Wait:
				}
			}
		}
		for i := range 600 {
			now = now.Add(time.Duration(rng.Int64N(int64(4 * time.Second))))
			apply(r.Tick(now)) // so that what ended by now is not taken for a loop
			switch rng.IntN(6) {
			case 0:
				open[tx(i)] = true
				apply(r.Submit(now, tx(i)))
			case 1, 2:
				open[tx(i)] = true
				apply(r.Relay(now, tx(i), peer.ID(fmt.Sprintf("in%d", rng.IntN(5)))))
			case 3:
				if h := tx(rng.IntN(i + 1)); open[h] {
					if rng.IntN(2) == 0 {
						r.Seen(h)
						delete(open, h)
						ended[h] = true
					} else {
						apply(r.Relay(now, h, "loop"))
					}
				}
			case 4:
				if h := tx(rng.IntN(i + 1)); last[h] != "" {
					apply(r.Failed(now, h, last[h]))
				}
			case 5:
				apply(r.SetPeers(now, peers(rng.IntN(5))))
			}
			if r.Len() != len(open) {
				t.Fatalf("seed %d: %d held, %d neither fluffed nor seen", seed, r.Len(), len(open))
			}
			for h := range open {
				if held, ok := r.Held(h); !ok || held.Until.IsZero() {
					t.Fatalf("seed %d: %v is under no embargo", seed, h)
				}
			}
		}
		for r.Len() > 0 {
			now = r.Next()
			apply(r.Tick(now))
		}
		if len(open) > 0 {
			t.Fatalf("seed %d: %d are left", seed, len(open))
		}
		return trace.Sum64()
	}
	for seed := range uint64(200) {
		if first, again := run(seed), run(seed); first != again {
			t.Fatalf("seed %d gives two traces", seed)
		}
	}
	if run(1) == run(9) {
		t.Error("two seeds give one trace")
	}
}

func TestConfigIsValidated(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"routing":   func(c *Config) { c.Routing = 4 },
		"diffusing": func(c *Config) { c.Diffusing = -1 },
		"stems":     func(c *Config) { c.Stems = 0 },
		"chance":    func(c *Config) { c.FluffChance = math.NaN() },
		"epoch":     func(c *Config) { c.Epoch = 0 },
		"jitter":    func(c *Config) { c.EpochJitter = -1 },
		"embargo":   func(c *Config) { c.Embargo = 0 },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		if cfg.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkRelay(b *testing.B) {
	r := router(relaying(), 1, 8)
	n := 0
	for b.Loop() {
		n++
		r.Relay(start(), tx(n), "in")
		r.Seen(tx(n))
	}
}

package spy

import (
	"math"
	"testing"

	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
)

// 0 hands to spy 3 or to 1, 1 to spy 4 or to 2, and 2 to 0 alone: stems of 0 and 2 come
// back in one of four cases and no spy sees them.
func TestFingerprintsAreWhatRoutersDo(t *testing.T) {
	g := must(t)(graph.New(5, []int32{0, 0, 1, 1, 2, 3, 4}, []int32{3, 1, 4, 2, 0, 4, 3}))
	const trials = 40_000
	f := NewWalk(g, []bool{3: true, 4: true}, 0).Fingerprints(trials, chance(8))
	for v, want := range []map[hand]float64{
		{{0, 3}: .5, {1, 4}: .25},
		{{0, 3}: .25, {1, 4}: .5},
		{{0, 3}: .5, {1, 4}: .25},
	} {
		sum, square := 0, 0
		for h, share := range want {
			got := float64(f.counts[v][h]) / trials
			if math.Abs(got-share) > 6*math.Sqrt(share/trials) {
				t.Errorf("%d: %v in %.4f of stems, want %.4f", v, h, got, share)
			}
			sum, square = sum+f.counts[v][h], square+f.counts[v][h]*f.counts[v][h]
		}
		if len(f.counts[v]) != len(want) || f.square[v] != square || sum == trials {
			t.Errorf("%d: %v, squares %d, want %v", v, f.counts[v], f.square[v], want)
		}
	}
	// With fluff chance ½ half of what 0 hands to 1 is made public there.
	f = NewWalk(g, []bool{3: true, 4: true}, .5).Fingerprints(trials, chance(8))
	if got := float64(f.counts[0][hand{1, 4}]) / trials; math.Abs(got-.125) > .01 {
		t.Errorf("%.4f of stems, want .125", got)
	}
	// 0 and 1 have dialled each other: 1 hands on to its spy what it has of 0.
	g = must(t)(graph.New(4, []int32{0, 0, 1, 1}, []int32{1, 2, 0, 3}))
	f = NewWalk(g, []bool{2: true, 3: true}, 0).Fingerprints(trials, chance(8))
	if got := f.counts[0][hand{0, 2}] + f.counts[0][hand{1, 3}]; got != trials {
		t.Errorf("%d of %d stems seen, want all", got, trials)
	}
}

// The nearest fingerprint is first, by Euclid's distance of shares of what was sent.
func TestFingerprintsWeighByDistance(t *testing.T) {
	a, b := hand{0, 9}, hand{1, 9}
	f := &Fingerprints{
		stems:  10,
		counts: []map[hand]int{{a: 10}, {a: 6, b: 4}, nil, {b: 9}},
		square: []int{100, 52, 0, 81},
		seen:   map[hand]bool{a: true, b: true},
	}
	sighting := func(h hand) []Sighting { return []Sighting{{From: h.exit, To: h.spy, Stem: true}} }
	fluff := []Sighting{{From: 0, To: 9}}
	// Shares of .5 and .25; the fourth was seen by nobody in its stem.
	got := f.Estimate([][]Sighting{sighting(a), sighting(b), sighting(a), fluff})
	far := 2 * math.Sqrt2
	want := weighed([]Guess{
		{0, far - math.Hypot(.5, .25)},
		{1, far - math.Hypot(.1, .15)},
		{3, far - math.Hypot(.5, .65)},
	})
	if len(got) != 3 || got[1].Node != 1 || got.Name(chance(1)) != 1 {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i].Node != want[i].Node || math.Abs(got[i].Weight-want[i].Weight) > 1e-12 {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if got := f.Estimate([][]Sighting{fluff, nil}); len(got) != 0 {
		t.Errorf("of nothing seen in a stem: %v", got)
	}
	// Handed over as never before: those whose own are spread widest are nearest.
	if got := f.Estimate([][]Sighting{sighting(hand{7, 9})}); got.Name(chance(1)) != 1 {
		t.Errorf("%v", got)
	}
}

// TestFingerprintsFindSources is BIP 156's figure 3, read by eye ± 0.01, with the authors'
// walk, which goes on where it comes back: 100 nodes that dial eight each, 1,000 stems
// of each node simulated. Bounds: ± .02, and five standard errors of so few graphs.
func TestFingerprintsFindSources(t *testing.T) {
	graphs := 12
	if testing.Short() {
		graphs = 4
	}
	for _, c := range []struct {
		p         float64
		count     int
		published float64
	}{
		{.2, 1, .14},
		{.2, 2, .23},
		{.2, 10, .67},
		{.3, 5, .655},
		{.5, 1, .43},
		{.5, 10, .995},
	} {
		rng := chance(7)
		var shares []float64
		for range graphs {
			g := must(t)(graph.KOut(100, 8, rng))
			spies, honest := cast(100, c.p, rng)
			f := NewWalk(g, spies, 0).Fingerprints(1000, rng)
			var beliefs []Posterior
			for _, group := range round(g, spies, honest, c.count, rng) {
				beliefs = append(beliefs, f.Estimate(group))
			}
			shares = append(shares, recall(honest, Match(beliefs, honest, rng)))
		}
		got := score.Mean(shares)
		t.Logf("p = %v, %2d transactions: %.3f ± %.3f, published %.3f", c.p, c.count, got.Mean, got.Half(), c.published)
		if math.Abs(got.Mean-c.published) > .02+2.5*got.Half() {
			t.Errorf("p = %v, %d transactions: %.3f ± %.3f, want %.3f ± .02", c.p, c.count, got.Mean, got.Half(), c.published)
		}
	}
}

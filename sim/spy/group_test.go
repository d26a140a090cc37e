package spy

import (
	"math"
	"reflect"
	"testing"

	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
)

func TestGroups(t *testing.T) {
	beliefs := []Posterior{{{1, .5}, {2, .5}}, nil, {{2, .2}, {3, .8}}}
	if got, want := Intersect(beliefs, 4, 0), (Posterior{{2, 1}}); !reflect.DeepEqual(got, want) {
		t.Errorf("intersection %v, want %v", got, want)
	}
	// With doubt ½ of 4 nodes each keeps ⅛: 1: ⅜·⅛, 2: ⅜·(.1+⅛), 3: ⅛·(.4+⅛).
	got := Intersect(beliefs, 4, .5)
	total := 3./8/8 + 3./8*.225 + .525/8
	for v, want := range map[int32]float64{1: 3. / 8 / 8, 2: 3. / 8 * .225, 3: .525 / 8} {
		if math.Abs(got.Weight(v)-want/total) > 1e-12 {
			t.Errorf("%d weighs %v, want %v", v, got.Weight(v), want/total)
		}
	}
	if got, want := Vote(beliefs), (Posterior{{1, .25}, {2, .35}, {3, .4}}); len(got) != 3 || math.Abs(got[1].Weight-want[1].Weight) > 1e-12 || got[2].Node != 3 {
		t.Errorf("vote %v, want %v", got, want)
	}
	if len(beliefs[0]) != 2 || beliefs[2][0].Node != 2 {
		t.Errorf("the beliefs have changed: %v", beliefs)
	}
	// Two that exclude each other: nobody is left without doubt.
	if got := Intersect([]Posterior{{{1, 1}}, {{2, 1}}}, 2, 0); got.Name(chance(1)) != Nobody {
		t.Errorf("%v", got)
	}
	if got := Intersect(nil, 2, 0); len(got) != 0 || len(Vote(nil)) != 0 {
		t.Errorf("of nothing %v", got)
	}
}

// fingerprinted is how many sources of so many transactions each are found, if they are
// routed one by one, on 4-regular graphs of 100 nodes.
func fingerprinted(t *testing.T, p float64, count, graphs int) (exact, learnt score.Interval) {
	rng := chance(7)
	var walked, profiled []float64
	for range graphs {
		g := must(t)(graph.Cycles(100, 2, rng))
		spies, honest := cast(100, p, rng)
		walk, profiles := NewWalk(g, spies, 0), NewProfiles(100)
		for _, v := range honest {
			for range 30 {
				profiles.Learn(v, stem(g, spies, 0, v, rng))
			}
		}
		var byWalk, byProfile []Posterior
		for _, group := range round(g, spies, honest, count, rng) {
			var a, b []Posterior
			for _, seen := range group {
				a, b = append(a, walk.Estimate(seen)), append(b, profiles.Estimate(seen))
			}
			byWalk = append(byWalk, Intersect(a, len(honest), 0))
			byProfile = append(byProfile, Vote(b))
		}
		walked = append(walked, recall(honest, Match(byWalk, honest, rng)))
		profiled = append(profiled, recall(honest, Match(byProfile, honest, rng)))
	}
	return score.Mean(walked), score.Mean(profiled)
}

// TestFingerprints is BIP 156's figure 3, whose values are read by eye ± 0.01. How its
// adversary matched transactions to simulated profiles is not known. Ours learns 30
// stems of each node and comes within 0.07 of the figure; the likelihood over all paths
// is as good as the figure or better, as nothing beats it. Both ± 5 standard errors.
func TestFingerprints(t *testing.T) {
	graphs := 20
	if testing.Short() {
		graphs = 5
	}
	for _, c := range []struct {
		p         float64
		count     int
		published float64
	}{
		{.2, 1, .14},
		{.2, 2, .23},
		{.2, 10, .67},
		{.3, 1, .23},
		{.3, 10, .88},
		{.5, 1, .43},
		{.5, 2, .655},
		{.5, 10, .995},
	} {
		exact, learnt := fingerprinted(t, c.p, c.count, graphs)
		t.Logf("p = %v, %2d transactions: all paths %.3f ± %.3f, 30 stems learnt %.3f ± %.3f, published %.3f",
			c.p, c.count, exact.Mean, exact.Half(), learnt.Mean, learnt.Half(), c.published)
		if exact.Mean < c.published-.01-2.5*exact.Half() {
			t.Errorf("p = %v, %d transactions: all paths find %+v, published %v", c.p, c.count, exact, c.published)
		}
		if math.Abs(learnt.Mean-c.published) > .07+2.5*learnt.Half() {
			t.Errorf("p = %v, %d transactions: profiles find %+v, published %v", c.p, c.count, learnt, c.published)
		}
	}
}

func TestProfiles(t *testing.T) {
	f := NewProfiles(5)
	a, b := []Sighting{{From: 1, To: 4, Stem: true}}, []Sighting{{From: 2, To: 4, Stem: true}}
	f.Learn(1, a)
	f.Learn(1, a)
	f.Learn(1, b)
	f.Learn(2, b)
	f.Learn(3, nil) // not seen
	got := f.Estimate(a)
	want := weighed([]Guess{{1, 2.5 / 4}, {2, .5 / 2}, {3, .5 / 2}})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := f.Estimate([]Sighting{{From: 3, To: 4, Stem: true}}); len(got) != 0 {
		t.Errorf("never seen before: %v", got)
	}
}

package score

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestStudentQuantile(t *testing.T) { // of any table
	for freedom, want := range map[int]float64{1: 12.706, 2: 4.303, 5: 2.571, 19: 2.093, 100: 1.984} {
		near(t, "quantile", StudentQuantile(freedom), want, .0005)
	}
}

func TestIntervals(t *testing.T) {
	i := Mean([]float64{1, 2, 3, 4}) // s² = 5/3, s/√n = .6455, t(3) = 3.1824
	near(t, "mean", i.Mean, 2.5, 1e-12)
	near(t, "half", i.Half(), 3.1824*math.Sqrt(5./12), 1e-3)
	if one := Mean([]float64{7}); one.Mean != 7 || !math.IsNaN(one.Low) || one.Count != 1 {
		t.Errorf("%+v", one)
	}
	// Two groups of two, alike within: as wide as two observations.
	c := Clustered([][]float64{{1, 1}, {}, {3, 3}})
	near(t, "clustered mean", c.Mean, 2, 1e-12)
	near(t, "clustered half", c.Half(), Mean([]float64{1, 3}).Half(), 1e-9)
	if c.Count != 2 {
		t.Errorf("%d groups", c.Count)
	}
	// Newcombe 1998, table I: 81 of 263 → .2553 to .3662; 0 of 20 → 0 to .1611.
	w := Wilson(81, 263)
	near(t, "low", w.Low, .2553, 5e-5)
	near(t, "high", w.High, .3662, 5e-5)
	w = Wilson(0, 20)
	near(t, "low", w.Low, 0, 1e-12)
	near(t, "high", w.High, .1611, 5e-5)
	if none := Wilson(0, 0); none.Low != 0 || none.High != 1 {
		t.Errorf("%+v", none)
	}
}

// TestClusteredCovers: 2,000 intervals over 8 unequal groups whose members share a
// term cover the true mean in 95 ± 2.5 % of cases (5 standard errors); those that take
// members for independent would in about 60 %.
func TestClusteredCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	covers := 0
	for range 2000 {
		groups := make([][]float64, 8)
		for g := range groups {
			shared := rng.NormFloat64()
			for range 8 + g%3 {
				groups[g] = append(groups[g], shared+rng.NormFloat64())
			}
		}
		if i := Clustered(groups); i.Low <= 0 && i.High >= 0 {
			covers++
		}
	}
	near(t, "covers", float64(covers)/2000, .95, .025)
}

package score

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const s = time.Second

func TestLatency(t *testing.T) {
	for _, c := range []struct {
		name     string
		arrivals []time.Duration
		want     Latency
	}{
		{"four nodes", []time.Duration{3 * s, 0, 9 * s, 4 * s}, Latency{3 * s, 3 * s, 9 * s, 9 * s, 9 * s}},
		{"half of them", []time.Duration{Never, 0, Never, 4 * s}, Latency{4 * s, 4 * s, Never, Never, Never}},
		{"the source alone", []time.Duration{0, Never, Never}, Latency{Never, Never, Never, Never, Never}},
		{"nobody", nil, Latency{Never, Never, Never, Never, Never}},
	} {
		if got := LatencyOf(c.arrivals); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	many := make([]time.Duration, 150)
	for i := range many {
		many[i] = time.Duration(149-i) * s
	}
	if got, want := LatencyOf(many), (Latency{1 * s, 74 * s, 134 * s, 148 * s, 149 * s}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestQuantile(t *testing.T) {
	values := make([]float64, 100)
	for i := range values {
		values[99-i] = float64(i + 1)
	}
	for q, want := range map[float64]float64{0: 1, .05: 5, .5: 50, .95: 95, .99: 99, .991: 100, 1: 100} {
		near(t, "quantile", Quantile(values, q), want, 0)
	}
	if !math.IsNaN(Quantile(nil, .5)) {
		t.Error("a quantile of nothing")
	}
}

func TestFairness(t *testing.T) {
	near(t, "Jain, equal", Jain([]float64{2, 2, 2}), 1, 1e-12)
	near(t, "Jain, one has all", Jain([]float64{0, 0, 0, 5}), .25, 1e-12)
	near(t, "Jain", Jain([]float64{1, 2, 3}), 36./42, 1e-12)
	near(t, "Gini, equal", Gini([]float64{2, 2, 2}), 0, 1e-12)
	near(t, "Gini, one has all", Gini([]float64{0, 5, 0, 0}), .75, 1e-12)
	near(t, "Gini", Gini([]float64{3, 1, 2}), 2./9, 1e-12)

	ranks := MeanRanks([][]time.Duration{
		{0, 1 * s, 2 * s, 3 * s, Never},
		{2 * s, 0, 1 * s, 1 * s, Never},
	}, 5)
	for v, want := range []float64{1.5 / 4, .5 / 4, (2 + 1.5) / 2 / 4, (3 + 1.5) / 2 / 4} {
		near(t, "rank", ranks[v], want, 1e-12)
	}
	if !math.IsNaN(ranks[4]) {
		t.Errorf("a node that heard nothing has rank %v", ranks[4])
	}
	f := FairnessOf(ranks, []Latency{
		{First: 1 * s, T90: 4 * s, T99: 5 * s},
		{First: 1 * s, T90: 8 * s, T99: 9 * s},
		{First: 2 * s, T90: 6 * s, T99: 8 * s},
		{First: 1 * s, T90: 2 * s, T99: Never},
	})
	near(t, "Jain of ranks", f.Jain, Jain(ranks[:4]), 1e-12)
	near(t, "sources", f.Sources, 2, 1e-12)
	if f.Front != 6*s {
		t.Errorf("front-running window %v", f.Front)
	}
	if none := FairnessOf(nil, nil); none.Front != Never || !math.IsNaN(none.Sources) {
		t.Errorf("%+v", none)
	}
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name   string
		a, b   []int32
		tau    float64
		common int
	}{
		{"the same", []int32{1, 2, 3, 4}, []int32{1, 2, 3, 4}, 1, 4},
		{"reversed", []int32{1, 2, 3, 4}, []int32{4, 3, 2, 1}, -1, 4},
		{"one exchange", []int32{1, 2, 3, 4}, []int32{1, 3, 2, 4}, 1 - 2./6, 4},
		{"others between", []int32{7, 1, 2, 3}, []int32{3, 9, 1, 8, 2}, 1 - 2*2./3, 3},
	} {
		o := OrderOf(c.a, c.b)
		near(t, c.name, o.Tau, c.tau, 1e-12)
		near(t, c.name, o.Disorder, (1-c.tau)/2, 1e-12)
		if o.Common != c.common {
			t.Errorf("%s: %d in common", c.name, o.Common)
		}
	}
	if !math.IsNaN(OrderOf([]int32{1}, []int32{1}).Tau) {
		t.Error("an order of one")
	}
	m := MeanOrder([][]int32{{1, 2, 3}, {1, 2, 3}, {3, 2, 1}, {9}})
	near(t, "mean", m.Tau, -1./3, 1e-12) // of 1, −1 and −1

	// Against the definition, on orders of 60.
	rng := rand.New(rand.NewPCG(3, 3))
	a, b := permuted(60, rng), permuted(60, rng)
	opposite := 0
	for i, x := range a {
		for _, y := range a[:i] { // y before x in a
			if slices.Index(b, x) < slices.Index(b, y) {
				opposite++
			}
		}
	}
	near(t, "random", OrderOf(a, b).Disorder, float64(opposite)/(60*59/2), 1e-12)
}

func permuted(n int, rng *rand.Rand) []int32 {
	p := make([]int32, n)
	for i, x := range rng.Perm(n) {
		p[i] = int32(x)
	}
	return p
}

func TestStaleRate(t *testing.T) {
	// Decker & Wattenhofer measured a mean of 12.6 s.
	near(t, "12.6 s", StaleRate([]time.Duration{0, 12600 * time.Millisecond, 25200 * time.Millisecond}, BlockInterval), -math.Expm1(-.021), 1e-12)
	near(t, "at once", StaleRate([]time.Duration{0, 0}, BlockInterval), 0, 0)
	if !math.IsNaN(StaleRate([]time.Duration{0, Never}, BlockInterval)) {
		t.Error("a miner that never hears")
	}
}

func TestRedundancy(t *testing.T) {
	if got, want := RedundancyOf(300, 75000, 100), (Redundancy{3, 750}); got != want {
		t.Errorf("%+v", got)
	}
}

package score

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func TestPrecisionAndRecall(t *testing.T) {
	for _, c := range []struct {
		name              string
		honest            int
		round             []Claim
		precision, recall float64
	}{
		{"all found", 3, []Claim{{1, 1}, {2, 2}, {3, 3}}, 1, 1},
		{"nobody named", 3, []Claim{{1, -1}, {2, -1}, {3, -1}}, 0, 0},
		{"all are traced to one", 4, []Claim{{1, 1}, {2, 1}, {3, 1}, {4, 1}}, 1. / 16, 1. / 4},
		{"one exchanged", 4, []Claim{{1, 2}, {2, 1}, {3, 3}, {4, 4}}, 1. / 2, 1. / 2},
		{"wards of two and three", 5, []Claim{{1, 1}, {2, 1}, {3, 4}, {4, 4}, {5, 4}}, (1./2 + 1./3) / 5, 2. / 5},
		{"a spy named", 2, []Claim{{1, 9}, {2, 2}}, 1. / 2, 1. / 2},
	} {
		precision, err := Precision(c.honest, c.round)
		if err != nil || math.Abs(precision-c.precision) > 1e-12 || math.Abs(Recall(c.round)-c.recall) > 1e-12 {
			t.Errorf("%s: precision %v, recall %v, %v; want %v, %v", c.name, precision, Recall(c.round), err, c.precision, c.recall)
		}
	}
	for _, round := range [][]Claim{{{1, 1}}, {{1, 1}, {1, 2}}} {
		if _, err := Precision(2, round); !errors.Is(err, ErrRound) {
			t.Errorf("%v: %v", round, err)
		}
	}
}

// line walks from each honest node of a line without fluff to the first spy, which
// names its predecessor.
func line(n int, p float64, rng *rand.Rand) (precision, recall float64) {
	spies := make([]bool, n)
	for _, v := range rng.Perm(n)[:int(p*float64(n))] {
		spies[v] = true
	}
	var round []Claim
	for v := range n {
		if spies[v] {
			continue
		}
		last := v
		for !spies[(last+1)%n] {
			last = (last + 1) % n
		}
		round = append(round, Claim{Source: int32(v), Named: int32(last)})
	}
	precision, _ = Precision(len(round), round)
	return precision, Recall(round)
}

// TestLinePrecision compares the closed form with a walk over 300 lines of 1,000 nodes:
// five standard errors, and 1 % for the line's length.
func TestLinePrecision(t *testing.T) {
	for _, c := range []struct{ p, published float64 }{{.02, .0016}, {.1, .0256}, {.2, .0805}, {.5, .3466}} {
		want := LinePrecision(c.p)
		if math.Abs(want-c.published) > .00005 {
			t.Errorf("p = %v: %.4f, want %v", c.p, want, c.published)
		}
		var precisions, recalls []float64
		rng := rand.New(rand.NewPCG(1, 1))
		for range 300 {
			a, b := line(1000, c.p, rng)
			precisions, recalls = append(precisions, a), append(recalls, b)
		}
		precision, recall := Mean(precisions), Mean(recalls)
		if off := math.Abs(precision.Mean - want); off > 2.5*precision.Half()+.01*want {
			t.Errorf("p = %v: precision %+v, want %v", c.p, precision, want)
		}
		if off := math.Abs(recall.Mean - c.p); off > 2.5*recall.Half()+.01*c.p {
			t.Errorf("p = %v: recall %+v", c.p, recall)
		}
		lowPrecision, lowRecall := LowerBounds(c.p)
		if want < lowPrecision || recall.Mean < lowRecall-2.5*recall.Half()-.01*c.p {
			t.Errorf("p = %v: below %v, %v", c.p, lowPrecision, lowRecall)
		}
	}
	if LinePrecision(0) != 0 || LinePrecision(1) != 1 {
		t.Error("limits")
	}
}

func TestTreeFirstTimestamp(t *testing.T) {
	for _, c := range []struct {
		d           int
		theta, want float64
		within      float64
	}{
		{2, 1, (math.E*math.E - 5) / 4, 1e-8}, // exact
		{3, 1, .500, .0005},                   // these to three places
		{4, 1, .433, .0005},
		{5, 1, .383, .0005},
		{8, 1, .290, .0005},
		{16, 1, .184, .0005},
		{4, 5, .744, .0005},
		{4, 10, .8448, .0005},
	} {
		if got, err := TreeFirstTimestamp(c.d, c.theta); err != nil || math.Abs(got-c.want) > c.within {
			t.Errorf("d = %d, θ = %v: %.6f, %v; want %v", c.d, c.theta, got, err, c.want)
		}
	}
	for _, c := range []struct {
		d     int
		theta float64
	}{{1, 1}, {3, 0}, {3, math.NaN()}, {3, math.Inf(1)}} {
		if _, err := TreeFirstTimestamp(c.d, c.theta); err == nil {
			t.Errorf("d = %d, θ = %v: no error", c.d, c.theta)
		}
	}
}

func TestTreeCentrality(t *testing.T) {
	for d, want := range map[int]float64{3: .25, 4: 4/math.Pi - 1, 100_000: 1 - math.Ln2} {
		if got, err := TreeCentrality(d); err != nil || math.Abs(got-want) > 1e-4 {
			t.Errorf("d = %d: %v, %v; want %v", d, got, err, want)
		}
	}
	if _, err := TreeCentrality(2); err == nil {
		t.Error("a line has no such limit")
	}
}

// TestLineEntropy sums over the honest nodes before and behind the source instead of rows.
func TestLineEntropy(t *testing.T) {
	for _, p := range []float64{.1, .15, .5, 1} {
		want := 0.0
		for before := range 400 {
			for behind := range 400 {
				want += p * p * math.Pow(1-p, float64(before+behind)) * math.Log2(float64(before+behind+1))
			}
		}
		near(t, "entropy", LineEntropy(p), want, 1e-9)
	}
}

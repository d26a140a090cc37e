package dandelion

import (
	"math"
	"testing"
	"time"
)

// monero #9295: the embargo was drawn from a Poisson distribution, and its mean
// with the decimal logarithm. Of an exponential the share 1 − 1/e ends before
// its mean, and its standard deviation is its mean; 20,000 draws have a standard
// error of 0.0034 of the share, 0.7 % of the mean and 1.4 % of the deviation
// (√((κ−1)/4n), κ = 9). Bounds are four times that.
func TestEmbargoIsExponentialWithNaturalLogarithm(t *testing.T) {
	if mean := EmbargoMean(5, 0.1, 175*time.Millisecond); (mean - 16_610*time.Millisecond).Abs() > 10*time.Millisecond {
		t.Errorf("the mean is %v, want 16.61 s", mean)
	}
	const draws = 20_000
	want := float64(DefaultConfig().Embargo)
	r := router(relaying(), 5, 2)
	var sum, squares float64
	early := 0
	for i := range draws {
		embargo := float64(one[Stem](t, r.Submit(start(), tx(i))).Until.Sub(start()))
		sum += embargo
		squares += embargo * embargo
		if embargo < want {
			early++
		}
	}
	mean := sum / draws
	if math.Abs(mean/want-1) > 0.028 {
		t.Errorf("the embargoes' mean is %v, want %v", time.Duration(mean), time.Duration(want))
	}
	if deviation := math.Sqrt(squares/draws - mean*mean); math.Abs(deviation/want-1) > 0.057 {
		t.Errorf("they deviate by %v, want %v", time.Duration(deviation), time.Duration(want))
	}
	if share := float64(early) / draws; math.Abs(share-(1-1/math.E)) > 0.0136 {
		t.Errorf("%.3f end before the mean, want 0.632", share)
	}
}

// grin #1982: every hop waited 10 to 20 s, so that 0.9¹⁸ = 15 % of stems hit an
// embargo. Here each node draws one per transaction and hands on at once: of
// stems as long as the embargo is designed for, exactly ε are cut short by one of
// their nodes. 5,000 stems have a standard error of 0.0042; the bound is four.
func TestFewStemsAreCutShortByAnEmbargo(t *testing.T) {
	const trials, failure, hop = 5000, 0.1, 175 * time.Millisecond
	for _, hops := range []int{5, 10} {
		cfg := relaying()
		cfg.Embargo = EmbargoMean(hops, failure, hop)
		cut := 0
		for seed := range uint64(trials) {
			ends := start().Add(time.Duration(hops-1) * hop) // the last node has it
			for k := range hops {
				r := router(cfg, seed*16+uint64(k), 2)
				arrived := start().Add(time.Duration(k) * hop)
				if one[Stem](t, r.Relay(arrived, tx(1), "in")).Until.Before(ends) {
					cut++
					break
				}
			}
		}
		if share := float64(cut) / trials; math.Abs(share-failure) > 0.017 {
			t.Errorf("%.3f of the stems of %d hops are cut short, want %v", share, hops, failure)
		}
	}
}

// A black hole after five nodes: each is as likely as another to be the one that
// fluffs first, so that its fluff names nobody. A fixed embargo would always name
// the origin. Without hops' latency it is a fifth; 10,000 trials have a standard
// error of 0.004.
func TestWhoFluffsFirstIsNotTheOrigin(t *testing.T) {
	const trials, nodes = 10_000, 5
	first := [nodes]int{}
	for seed := range uint64(trials) {
		at, by := time.Time{}, 0
		for k := range nodes {
			r := router(relaying(), seed*8+uint64(k), 2)
			var until time.Time
			if k == 0 {
				until = one[Stem](t, r.Submit(start(), tx(1))).Until
			} else {
				until = one[Stem](t, r.Relay(start(), tx(1), "in")).Until
			}
			if at.IsZero() || until.Before(at) {
				at, by = until, k
			}
		}
		first[by]++
	}
	for k, n := range first {
		if share := float64(n) / trials; math.Abs(share-1./nodes) > 0.016 {
			t.Errorf("node %d fluffs first in %.3f of trials, want 0.2", k, share)
		}
	}
}

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

// What ends at one moment is fluffed in the order in which it came.
func TestEmbargoesEndInOrder(t *testing.T) {
	r := router(relaying(), 1, 2)
	held := make([]Held, 50)
	for i := range held {
		held[i] = Held{Tx: tx((i * 37) % 50), Stemmed: true, Until: start().Add(time.Duration(i/10) * time.Second)}
	}
	r.Restore(held)
	for i, a := range r.Tick(start().Add(time.Minute)) {
		if f, ok := a.(Fluff); !ok || f.Tx != held[i].Tx {
			t.Fatalf("%d: %#v, want %v", i, a, held[i].Tx)
		}
	}
}

package testnet

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestGraph(t *testing.T) {
	for _, c := range []struct{ nodes, outbound, want int }{{100, 8, 800}, {20, 8, 160}, {3, 8, 3}} {
		linked := make(map[[2]int]bool)
		for i, others := range Graph(rand.New(rand.NewPCG(1, 1)), c.nodes, c.outbound) {
			for _, j := range others {
				linked[[2]int{min(i, j), max(i, j)}] = true
				if i == j {
					t.Errorf("node %d dials itself", i)
				}
			}
		}
		if len(linked) != c.want {
			t.Errorf("%d nodes have %d links, want %d", c.nodes, len(linked), c.want)
		}
	}
}

// Bounds: four standard errors of 10,000 draws, 1.25·σ/√n for the median and σ/√2n for σ.
func TestLognormal(t *testing.T) {
	var all []time.Duration
	var squares float64
	for i := range 100 {
		for j := range 100 {
			d := Lognormal(i, 1000+j)
			if d != Lognormal(1000+j, i) {
				t.Fatal("the ways differ")
			}
			all = append(all, d)
			squares += math.Pow(math.Log(d.Seconds()/0.05), 2)
		}
	}
	slices.Sort(all)
	if median := Quantile(all, 0.5).Seconds(); math.Abs(math.Log(median/0.05)) > 4*1.25*0.6/100 {
		t.Errorf("median %v s, want 0.05", median)
	}
	if sigma := math.Sqrt(squares / 10_000); math.Abs(sigma-0.6) > 4*0.6/math.Sqrt(20_000) {
		t.Errorf("σ %v, want 0.6", sigma)
	}
}

func TestQuantile(t *testing.T) {
	all := []time.Duration{1, 2, 3, 4}
	for share, want := range map[float64]time.Duration{0: 1, 0.25: 1, 0.5: 2, 0.51: 3, 0.99: 4, 1: 4} {
		if got := Quantile(all, share); got != want {
			t.Errorf("quantile %v is %d, want %d", share, got, want)
		}
	}
}

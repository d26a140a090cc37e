package cases

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Every instance draws alike, or they would wait for one another for ever; and links,
// spies and leavers are what the parameters say.
func TestDraws(t *testing.T) {
	for seed := range uint64(50) {
		src := func() *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
		n, degree := 2+int(seed)%19, 1+int(seed)%4
		links := topology(n, degree, src())
		if again := topology(n, degree, src()); !slices.EqualFunc(links, again, slices.Equal[[]int]) {
			t.Fatalf("seed %d: two draws differ", seed)
		}
		for seq := 1; seq <= n; seq++ {
			if (n > 2 && !slices.Contains(links[seq], seq%n+1)) || len(links[seq]) > degree || slices.Contains(links[seq], seq) {
				t.Errorf("%d of %d links to %v, degree %d", seq, n, links[seq], degree)
			}
			// Where there are plenty to choose from nobody goes short.
			if n > 4*degree && len(links[seq]) != degree {
				t.Errorf("%d of %d links to %v only, degree %d", seq, n, links[seq], degree)
			}
			for _, other := range links[seq] {
				if other < 1 || other > n || slices.Contains(links[other], seq) {
					t.Errorf("%d and %d of %d link to one another: %v", seq, other, n, links)
				}
			}
		}
		gone := leavers(n, 3, 0.34, src())
		if len(gone) != 3 {
			t.Fatalf("%d rounds", len(gone))
		}
		for _, g := range gone {
			if len(g) != min(max(1, n*34/100), n-1) || slices.Contains(g, leader) || g[len(g)-1] > n || !slices.IsSorted(g) || len(slices.Compact(slices.Clone(g))) != len(g) {
				t.Errorf("%v of %d leave", g, n)
			}
		}
	}
}

func TestSpies(t *testing.T) {
	for _, c := range []struct {
		n     int
		share float64
		want  int
	}{{10, 0.2, 2}, {10, 0.29, 2}, {10, 0, 1}, {10, 1, 9}, {5, 0.1, 1}} {
		got := spiesOf(c.n, c.share, rand.New(rand.NewPCG(1, 1)))
		if len(got) != c.want || !slices.IsSorted(got) || got[0] < 1 || got[len(got)-1] > c.n {
			t.Errorf("%v of %d: %v", c.share, c.n, got)
		}
	}
}

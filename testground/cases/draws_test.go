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
			own := slices.Sorted(slices.Values(links[seq]))
			if links[seq][0] != seq%n+1 || len(own) != min(degree, n-1) || len(slices.Compact(own)) != min(degree, n-1) || slices.Contains(own, seq) || own[0] < 1 || own[len(own)-1] > n {
				t.Errorf("%d of %d links to %v, degree %d", seq, n, links[seq], degree)
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

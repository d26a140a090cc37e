package spy

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pappus-network/pappus/sim/graph"
)

// fires draws who of so many holders fires first.
func fires(holders int, hop, embargo time.Duration, rng *rand.Rand) int {
	first, least := 0, math.Inf(1)
	for i := range holders {
		if at := float64(i)*float64(hop) + rng.ExpFloat64()*float64(embargo); at < least {
			first, least = i, at
		}
	}
	return first
}

func TestFiresFirst(t *testing.T) {
	const hop, embargo = 175 * time.Millisecond, 16_600 * time.Millisecond
	rng := chance(8)
	for _, holders := range []int{1, 2, 5, 10} {
		chances := FiresFirst(holders, hop, embargo)
		counts, sum := make([]float64, holders), 0.0
		for range 100_000 {
			counts[fires(holders, hop, embargo, rng)]++
		}
		for i, want := range chances {
			sum += want
			if got := counts[i] / 100_000; math.Abs(got-want) > 5*.0016 { // five standard errors
				t.Errorf("holder %d of %d fires first in %.4f, want %.4f", i+1, holders, got, want)
			}
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("%d holders: %v in all", holders, sum)
		}
	}
	// A stem that takes no time betrays nobody.
	for _, x := range FiresFirst(4, 0, embargo) {
		if math.Abs(x-.25) > 1e-12 {
			t.Errorf("%v, want 1/4", x)
		}
	}
}

// TestBlackHoleBelief: the posterior is calibrated. Over 20,000 stems into black holes,
// the source has as much weight in the mean as the belief's own squares say.
func TestBlackHoleBelief(t *testing.T) {
	const holes, hop, embargo = .2, time.Second, 16_600 * time.Millisecond
	rng := chance(9)
	var weight, expected, squares float64
	const trials = 20_000
	for range trials / 200 {
		g := must(t)(graph.KOut(100, 2, rng))
		spies, honest := cast(100, holes, rng)
		walk := NewWalk(g, spies, 0)
		known := map[int32]Posterior{}
		for range 200 {
			source := honest[rng.IntN(len(honest))]
			path := []int32{source}
			for len(path) < 1000 { // some graphs have a corner without spies
				u := g.Out(int(path[len(path)-1]))[rng.IntN(2)]
				if spies[u] {
					break
				}
				path = append(path, u)
			}
			fired := path[fires(len(path), hop, embargo, rng)]
			p, ok := known[fired]
			if !ok {
				p = walk.BlackHole(fired, holes, hop, embargo)
				known[fired] = p
			}
			w := p.Weight(source)
			weight += w
			squares += w * w
			for _, g := range p {
				expected += g.Weight * g.Weight
			}
		}
	}
	weight, expected = weight/trials, expected/trials
	within := 5*math.Sqrt(squares/trials/trials) + .05*expected // the model takes the graph's spies for p
	if math.Abs(weight-expected) > within {
		t.Errorf("the source weighs %.4f, expected %.4f ± %.4f", weight, expected, within)
	}
}

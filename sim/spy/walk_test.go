package spy

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
)

// cast draws who is a spy and returns the honest nodes.
func cast(n int, p float64, rng *rand.Rand) (spies []bool, honest []int32) {
	spies = make([]bool, n)
	for _, v := range rng.Perm(n)[:int(p*float64(n)+1e-9)] {
		spies[v] = true
	}
	for v := range int32(n) {
		if !spies[v] {
			honest = append(honest, v)
		}
	}
	return spies, honest
}

// stem walks at random, to whom each node dialled, until a spy, or until somebody fluffs.
func stem(g *graph.Graph, spies []bool, fluff float64, source int32, rng *rand.Rand) []Sighting {
	for v := source; ; {
		out := g.Out(int(v))
		u := out[rng.IntN(len(out))]
		if spies[u] {
			return []Sighting{{From: v, To: u, Stem: true}}
		}
		if v = u; rng.Float64() < fluff {
			return nil
		}
	}
}

// TestWalkLikelihoods compares them with how often walks end so: six standard errors.
func TestWalkLikelihoods(t *testing.T) {
	rng := chance(4)
	const n, trials = 30, 20_000
	for _, fluff := range []float64{0, 0.2} {
		g := must(t)(graph.Cycles(n, 2, rng))
		spies, honest := cast(n, .2, rng)
		walk := NewWalk(g, spies, fluff)
		for _, source := range honest[:4] {
			counts := map[hand]int{}
			for range trials {
				for _, s := range stem(g, spies, fluff, source, rng) {
					counts[hand{s.From, s.To}]++
				}
			}
			for _, exit := range honest {
				for _, u := range g.Out(int(exit)) {
					if !spies[u] {
						continue
					}
					want := walk.Likelihood(exit)[source]
					got := float64(counts[hand{exit, u}]) / trials
					if math.Abs(got-want) > 6*math.Sqrt(want/trials)+1e-4 {
						t.Errorf("fluff %v: %d → %d → %d in %.4f of stems, likelihood %.4f", fluff, source, exit, u, got, want)
					}
				}
			}
		}
	}
}

func TestWalkOnALineSuspectsTheWholeRow(t *testing.T) {
	// 0 → 1 → 2 → 3 → 4 → 5 → 0, spies 0 and 4.
	g := must(t)(graph.New(6, []int32{0, 1, 2, 3, 4, 5}, []int32{1, 2, 3, 4, 5, 0}))
	walk := NewWalk(g, []bool{true, false, false, false, true, false}, 0)
	p := walk.Estimate([]Sighting{{From: 3, To: 4, Stem: true}})
	if len(p) != 3 || p[0].Node != 1 || math.Abs(p.Weight(2)-1./3) > 1e-9 || math.Abs(p.Entropy()-math.Log2(3)) > 1e-9 {
		t.Errorf("%v", p)
	}
	if p := walk.Estimate([]Sighting{{From: 2, To: 4, Stem: true}}); len(p) != 0 {
		t.Errorf("over a link that is not there: %v", p)
	}
	if p := walk.Estimate([]Sighting{{From: 5, To: 4}}); len(p) != 0 {
		t.Errorf("not in the stem: %v", p)
	}
}

// round lets each honest node send some transactions.
func round(g *graph.Graph, spies []bool, honest []int32, count int, rng *rand.Rand) [][][]Sighting {
	all := make([][][]Sighting, len(honest))
	for i, v := range honest {
		for range count {
			all[i] = append(all[i], stem(g, spies, 0, v, rng))
		}
	}
	return all
}

// recall is the share of nodes that are named for their own.
func recall(honest, named []int32) float64 {
	claims := make([]score.Claim, len(honest))
	for i, v := range honest {
		claims[i] = score.Claim{Source: v, Named: named[i]}
	}
	return score.Recall(claims)
}

// TestMatchOnALine: whoever knows the line finds one transaction in each row between two
// spies, as many as there are spies for each node: p, but for rows of none.
func TestMatchOnALine(t *testing.T) {
	rng := chance(5)
	for _, p := range []float64{.1, .2, .5} {
		var shares []float64
		for range 60 {
			g := must(t)(graph.Line(100, rng))
			spies, honest := cast(100, p, rng)
			walk := NewWalk(g, spies, 0)
			var beliefs []Posterior
			for _, group := range round(g, spies, honest, 1, rng) {
				beliefs = append(beliefs, walk.Estimate(group[0]))
			}
			shares = append(shares, recall(honest, Match(beliefs, honest, rng)))
		}
		if i := score.Mean(shares); math.Abs(i.Mean-p) > 2.5*i.Half()+.01 { // five standard errors, and n = 100
			t.Errorf("p = %v: %+v", p, i)
		}
	}
}

// TestMatchIsTheBest compares it with all permutations.
func TestMatchIsTheBest(t *testing.T) {
	rng := chance(6)
	for range 300 {
		n := 1 + rng.IntN(6)
		cost := make([][]float64, n)
		for i := range cost {
			cost[i] = make([]float64, n)
			for k := range cost[i] {
				cost[i][k] = -float64(rng.IntN(6)) // with many equals
			}
		}
		best := 0.0
		for _, p := range permutations(n) {
			best = min(best, total(cost, p))
		}
		if got := total(cost, assign(cost)); got != best {
			t.Fatalf("%v: %v, want %v", cost, got, best)
		}
	}
	// Two transactions of which each can be of 1 or 2, and a third of 2 or 3.
	named := Match([]Posterior{{{1, .6}, {2, .4}}, {{1, .6}, {2, .4}}, {{2, .5}, {3, .5}}, nil, nil}, []int32{1, 2, 3, 4}, rng)
	counts := map[int32]int{}
	for _, v := range named {
		counts[v]++
	}
	if named[2] != 3 || counts[1] != 1 || counts[2] != 1 || counts[4] != 1 || counts[Nobody] != 1 {
		t.Errorf("named %v", named)
	}
}

func total(cost [][]float64, column []int) float64 {
	sum := 0.0
	for i, k := range column {
		sum += cost[i][k]
	}
	return sum
}

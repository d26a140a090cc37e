package spy

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
)

var keptGraphs = flag.Int("graphs", 8, "graphs to compare kept first hops on")

// epochs are stems with two successors drawn anew for each node in each epoch, and one of
// them for each inbound edge. They end at diffusers, a share fluff.
type epochs struct {
	g     *graph.Graph
	spies []bool
	fluff float64
	rng   *rand.Rand

	first    []int32 // kept first hops, by node
	pairs    [][2]int32
	diffuser []bool
	routes   map[[2]int32]int32 // by node and where from, −1 = own
}

func newEpochs(g *graph.Graph, spies []bool, fluff float64, rng *rand.Rand) *epochs {
	e := &epochs{g: g, spies: spies, fluff: fluff, rng: rng}
	for v := range g.Len() {
		e.first = append(e.first, g.Out(v)[rng.IntN(len(g.Out(v)))])
	}
	return e
}

// begin draws an epoch.
func (e *epochs) begin() {
	n := e.g.Len()
	e.pairs, e.diffuser, e.routes = make([][2]int32, n), make([]bool, n), map[[2]int32]int32{}
	for v := range n {
		out := e.g.Out(v)
		i := e.rng.IntN(len(out))
		k := skip(e.rng.IntN(len(out)-1), i)
		e.pairs[v] = [2]int32{out[i], out[k]}
		e.diffuser[v] = e.rng.Float64() < e.fluff
	}
}

func skip(k, i int) int {
	if k >= i {
		return k + 1
	}
	return k
}

// send returns what spies see of a stem, which is cut off where it must have run in a loop.
func (e *epochs) send(source int32, kept bool) []Sighting {
	for v, from, hops := source, Nobody, 0; hops < e.g.Len(); hops++ {
		next, ok := e.routes[[2]int32{v, from}]
		if !ok {
			next = e.pairs[v][e.rng.IntN(2)]
			e.routes[[2]int32{v, from}] = next
		}
		if from == Nobody && kept {
			next = e.first[v]
		}
		if e.spies[next] {
			return []Sighting{{From: v, To: next, Stem: true}}
		}
		if e.diffuser[next] {
			return nil
		}
		from, v = v, next
	}
	return nil
}

// traced is how many sources of so many epochs three adversaries find: one that counts, one
// that knows the graph, and one that knows that first hops are kept besides.
func traced(t *testing.T, p float64, count int, kept bool) (counts, knows, expects score.Interval) {
	const n, fluff, doubt = 100, 0.1, 0.1
	rng := chance(10)
	var found [3][]float64
	for range *keptGraphs {
		g := must(t)(graph.KOut(n, 8, rng))
		spies, honest := cast(n, p, rng)
		walk, e := NewWalk(g, spies, fluff), newEpochs(g, spies, fluff, rng)
		groups := make([][][]Sighting, len(honest))
		for range count {
			e.begin()
			for i, v := range honest {
				groups[i] = append(groups[i], e.send(v, kept))
			}
		}
		var sums [3]float64
		for i, v := range honest {
			var first, walked []Posterior
			for _, seen := range groups[i] {
				first, walked = append(first, FirstSpy(seen)), append(walked, walk.Estimate(seen))
			}
			sums[0] += Vote(first).Hit(v)
			sums[1] += Intersect(walked, len(honest), doubt).Hit(v)
			sums[2] += walk.Kept(groups[i], doubt).Hit(v)
		}
		for k := range found {
			found[k] = append(found[k], sums[k]/float64(len(honest)))
		}
	}
	return score.Mean(found[0]), score.Mean(found[1]), score.Mean(found[2])
}

// TestKeptFirstHopsHideARepeatedSource: if each node keeps its own first hop, who counts
// finds no more in 20 epochs than in one, for it finds the hop; and who knows all that, far
// less than from those that draw it anew. (Nodes do draw it anew: this is about whether to
// keep it.)
func TestKeptFirstHopsHideARepeatedSource(t *testing.T) {
	for _, p := range []float64{.1, .2} {
		drawnCounts, drawnKnows, _ := traced(t, p, 20, false)
		keptCounts, keptKnows, keptExpects := traced(t, p, 20, true)
		t.Logf("p = %v, drawn anew: counts %.3f ± %.3f, knows the graph %.3f ± %.3f", p, drawnCounts.Mean, drawnCounts.Half(), drawnKnows.Mean, drawnKnows.Half())
		t.Logf("p = %v, kept: counts %.3f ± %.3f, knows the graph %.3f ± %.3f, and of keeping %.3f ± %.3f", p, keptCounts.Mean, keptCounts.Half(), keptKnows.Mean, keptKnows.Half(), keptExpects.Mean, keptExpects.Half())
		if math.Abs(keptCounts.Mean-p) > 2.5*keptCounts.Half()+.02 || keptCounts.Mean > drawnCounts.Mean/2 {
			t.Errorf("p = %v: counting finds %+v, before %+v", p, keptCounts, drawnCounts)
		}
		if keptExpects.Mean < p-2.5*keptExpects.Half() || keptExpects.Mean > drawnKnows.Mean/2 || keptKnows.Mean > keptExpects.Mean {
			t.Errorf("p = %v: knowing finds %+v, before %+v", p, keptExpects, drawnKnows)
		}
	}
}

// TestKeptIsBayes compares it with the definition on a graph that one can draw: 0 dialled 1
// and 2, both dialled 0 and the spy 3.
func TestKeptIsBayes(t *testing.T) {
	g := must(t)(graph.New(4, []int32{0, 0, 1, 1, 2, 2}, []int32{1, 2, 0, 3, 0, 3}))
	walk := NewWalk(g, []bool{false, false, false, true}, 0)
	one := []Sighting{{From: 1, To: 3, Stem: true}}
	x := walk.Likelihood(1)
	for _, count := range []int{1, 3} {
		k := float64(count)
		// 0 by 1 or 2; 1 by 0 or the spy, which sees it always; 2 by 0, or the spy in vain.
		likelihood := []float64{
			(math.Pow(x[1], k) + math.Pow(x[2], k)) / 2,
			(math.Pow(x[0], k) + 1) / 2,
			math.Pow(x[0], k) / 2,
		}
		total := likelihood[0] + likelihood[1] + likelihood[2]
		var group [][]Sighting
		for range count {
			group = append(group, one)
		}
		got := walk.Kept(append(group, nil), 0)
		for v, want := range likelihood {
			if math.Abs(got.Weight(int32(v))-want/total) > 1e-9 {
				t.Errorf("%d transactions: %d weighs %v, want %v", count, v, got.Weight(int32(v)), want/total)
			}
		}
	}
	if got := walk.Kept([][]Sighting{nil, {{From: 0, To: 3, Stem: true}}}, 0); len(got) != 0 {
		t.Errorf("of nothing %v", got)
	}
}

package spy

import (
	"container/heap"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
)

// reports is that nodes have told a supernode, a second apart.
func reports(nodes ...int32) []Sighting {
	seen := make([]Sighting, len(nodes))
	for i, v := range nodes {
		seen[i] = Sighting{At: time.Duration(i) * time.Second, From: v, To: -1}
	}
	return seen
}

func TestNewTreeRefusesOthers(t *testing.T) {
	for name, links := range map[string][2][]int32{
		"cycle":               {{0, 1, 2}, {1, 2, 0}},
		"a node apart":        {{0, 1}, {1, 2}},
		"a cycle and a node":  {{0, 1, 2}, {1, 2, 0}},
		"linked twice":        {{0, 1, 1}, {1, 0, 2}},
		"a cycle out of view": {{1, 2, 3}, {2, 3, 1}},
	} {
		g := must(t)(graph.New(4, links[0], links[1]))
		if _, err := NewTree(g); !errors.Is(err, ErrTree) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCentres on  0 – 1 – 2 – 3 – 4, with 5 and 6 at 2.
func TestCentres(t *testing.T) {
	tr := tree(t, must(t)(graph.New(7, []int32{0, 1, 2, 3, 2, 2}, []int32{1, 2, 3, 4, 5, 6})))
	const long = time.Hour
	for _, c := range []struct {
		name   string
		until  time.Duration
		seen   []Sighting
		centre Posterior
		best   []int32 // rumour
	}{
		{"nothing", long, nil, nil, nil},
		{"one", long, reports(3), Posterior{{3, 1}}, []int32{3}},
		{"two have no centre but what lies between", long, reports(0, 4), Posterior{}, []int32{2}},
		{"around 2", long, reports(1, 3, 5), Posterior{{2, 1}}, []int32{2}},
		{"itself does not count", long, reports(0, 1, 2), Posterior{}, []int32{1}},
		{"all", long, reports(0, 1, 2, 3, 4, 5, 6), Posterior{{2, 1}}, []int32{2}},
		{"the first three", 2 * time.Second, reports(1, 3, 5, 4, 0), Posterior{{2, 1}}, []int32{2}},
	} {
		if got := tr.ReportingCentre(c.until)(c.seen); len(got)+len(c.centre) > 0 && !reflect.DeepEqual(got, c.centre) {
			t.Errorf("%s: reporting centre %v, want %v", c.name, got, c.centre)
		}
		if got := tr.RumourCentre(c.until)(c.seen).Best(); !reflect.DeepEqual(got, c.best) {
			t.Errorf("%s: rumour centre %v, want %v", c.name, got, c.best)
		}
	}
	// 0 – 1 – 2 – 3: 3!/… orders from 0 and 3 are 1, from 1 and 2 they are 3.
	got := tr.RumourCentre(long)(reports(0, 1, 2, 3))
	for v, want := range []float64{.125, .375, .375, .125} {
		if math.Abs(got.Weight(int32(v))-want) > 1e-12 {
			t.Errorf("%d weighs %v, want %v", v, got.Weight(int32(v)), want)
		}
	}
}

// event is that a transaction comes to a node.
type event struct {
	at   float64
	node int32
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, k int) bool { return e[i].at < e[k].at }
func (e events) Swap(i, k int)      { e[i], e[k] = e[k], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// diffuse lets a transaction spread on a d-regular tree without end from a node, 1 a link,
// until so many have it. It returns the tree that has it, in which the source has a random
// number, and when each node reported.
func diffuse(t *testing.T, d, nodes int, rng *rand.Rand) (g *graph.Graph, source int32, seen []Sighting) {
	t.Helper()
	var from, to []int32
	var queue events
	fork := func(at float64, v int32, children int) {
		for range children {
			heap.Push(&queue, event{at + rng.ExpFloat64(), v})
		}
	}
	times := []float64{0}
	fork(0, 0, d)
	for len(times) < nodes {
		e := heap.Pop(&queue).(event)
		from, to = append(from, e.node), append(to, int32(len(times)))
		times = append(times, e.at)
		fork(e.at, int32(len(times)-1), d-1)
	}
	name := rng.Perm(nodes)
	last := times[nodes-1]
	for v, at := range times {
		if report := at + rng.ExpFloat64(); report <= last {
			seen = append(seen, Sighting{At: time.Duration(report * float64(time.Second)), From: int32(name[v]), To: -1})
		}
	}
	for i := range from {
		from[i], to[i] = int32(name[from[i]]), int32(name[to[i]])
	}
	return must(t)(graph.New(nodes, from, to)), int32(name[0]), seen
}

// TestCentresFindTheSource compares 600 transactions with the closed form: five standard
// errors, which are 0.018 each.
func TestCentresFindTheSource(t *testing.T) {
	trials := 600
	if testing.Short() {
		trials = 200
	}
	for _, d := range []int{3, 4, 6} {
		rng, reporting, rumour := chance(2), 0.0, 0.0
		for range trials {
			g, source, seen := diffuse(t, d, 400, rng)
			tr := tree(t, g)
			reporting += tr.ReportingCentre(time.Hour)(seen).Hit(source)
			rumour += tr.RumourCentre(time.Hour)(seen).Hit(source)
		}
		want, err := score.TreeCentrality(d)
		if err != nil {
			t.Fatal(err)
		}
		within := 5 * math.Sqrt(want*(1-want)/float64(trials))
		for name, got := range map[string]float64{"reporting": reporting, "rumour": rumour} {
			if got /= float64(trials); math.Abs(got-want) > within {
				t.Errorf("d = %d: %s centre is the source in %.3f, want %.3f ± %.3f", d, name, got, want, within)
			}
		}
	}
}

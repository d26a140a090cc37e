package spy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pappus-network/pappus/sim/graph"
)

// orders calls f with the reports of every way in which a transaction can trickle from a
// source, and how likely it is: theta to the supernode.
func orders(tr *Tree, source int32, theta int, f func(reports map[int32][]int, weight float64)) {
	type told struct {
		v, from int32
		at      int
	}
	var visit func(waiting []told, reports map[int32][]int, weight float64)
	visit = func(waiting []told, reports map[int32][]int, weight float64) {
		if len(waiting) == 0 {
			f(reports, weight)
			return
		}
		now := waiting[0]
		var audience []int32 // −1: the supernode
		for _, u := range tr.links[now.v] {
			if u != now.from {
				audience = append(audience, u)
			}
		}
		audience = append(audience, slices.Repeat([]int32{-1}, theta)...)
		all := permutations(len(audience))
		for _, p := range all {
			next := slices.Clone(waiting[1:])
			var slots []int
			for s, i := range p {
				if audience[i] < 0 {
					slots = append(slots, now.at+s+1)
				} else {
					next = append(next, told{audience[i], now.v, now.at + s + 1})
				}
			}
			reports[now.v] = slots
			visit(next, reports, weight/float64(len(all)))
		}
	}
	visit([]told{{source, -1, 0}}, map[int32][]int{}, 1)
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var all [][]int
	for _, p := range permutations(n - 1) {
		for i := range n {
			all = append(all, slices.Insert(slices.Clone(p), i, n-1))
		}
	}
	return all
}

// view is what has been reported until a slot, as text.
func view(reports map[int32][]int, nodes, horizon int) (name string, seen []Sighting) {
	for v := range int32(nodes) {
		for _, at := range reports[v] {
			if at <= horizon {
				seen = append(seen, Sighting{At: time.Duration(at) * time.Second, From: v, To: -1})
				name += fmt.Sprint(v, "@", at, " ")
			}
		}
	}
	return name, seen
}

// TestTrickleIsExact compares the message passing with the sum over all orders, for all
// that can be seen.
func TestTrickleIsExact(t *testing.T) {
	for _, c := range []struct {
		name           string
		from, to       []int32
		theta, horizon int
	}{
		{"a line, all seen", []int32{0, 1, 2}, []int32{1, 2, 3}, 1, 99},
		{"a star, all seen", []int32{0, 0, 0}, []int32{1, 2, 3}, 1, 99},
		{"five nodes, all seen", []int32{0, 0, 1, 1}, []int32{1, 2, 3, 4}, 1, 99},
		{"five nodes, early", []int32{0, 0, 1, 1}, []int32{1, 2, 3, 4}, 1, 3},
		{"two connections", []int32{0, 1, 1}, []int32{1, 2, 3}, 2, 99},
		{"two connections, early", []int32{0, 1, 1}, []int32{1, 2, 3}, 2, 3},
	} {
		n := len(c.from) + 1
		tr := tree(t, must(t)(graph.New(n, c.from, c.to)))
		estimate, err := tr.Trickle(time.Second, c.theta)
		if err != nil {
			t.Fatal(err)
		}
		likelihood := map[string][]float64{}
		sightings := map[string][]Sighting{}
		for v := range int32(n) {
			orders(tr, v, c.theta, func(reports map[int32][]int, weight float64) {
				name, seen := view(reports, n, c.horizon)
				// What nobody has reported yet is known until the last sighting only.
				last := 0
				for _, s := range seen {
					last = max(last, int(s.At/time.Second))
				}
				if c.horizon < 99 && last < c.horizon {
					return
				}
				if likelihood[name] == nil {
					likelihood[name], sightings[name] = make([]float64, n), seen
				}
				likelihood[name][v] += weight
			})
		}
		if len(likelihood) < 10 {
			t.Errorf("%s: only %d views", c.name, len(likelihood))
		}
		for name, want := range likelihood {
			total := 0.0
			for _, x := range want {
				total += x
			}
			got := estimate(sightings[name])
			for v, x := range want {
				if math.Abs(got.Weight(int32(v))-x/total) > 1e-9 {
					t.Fatalf("%s: %s: %v, want %v over %v", c.name, name, got, want, total)
				}
			}
		}
	}
}

// trickle lets a transaction trickle through a tree.
func trickle(tr *Tree, source int32, rng *rand.Rand) []Sighting {
	type told struct {
		v, from int32
		at      int
	}
	var seen []Sighting
	waiting := []told{{source, -1, 0}}
	for i := 0; i < len(waiting); i++ {
		now := waiting[i]
		audience := []int32{-1}
		for _, u := range tr.links[now.v] {
			if u != now.from {
				audience = append(audience, u)
			}
		}
		for s, k := range rng.Perm(len(audience)) {
			if u := audience[k]; u < 0 {
				seen = append(seen, Sighting{At: time.Duration(now.at+s+1) * time.Second, From: now.v, To: -1})
			} else {
				waiting = append(waiting, told{u, now.v, now.at + s + 1})
			}
		}
	}
	slices.SortStableFunc(seen, func(a, b Sighting) int { return int(a.At - b.At) })
	return seen
}

// TestTrickleBeatsFirstTimestamp on 4-regular trees of 485 nodes, from their middle: the
// likelihoods are right, so that the mean of what is believed of the likeliest is how often
// it is the source (five standard errors, of 0.016), and no estimator does better. First-
// timestamp is right in 0.496 (200,000 trials of the authors' model).
func TestTrickleBeatsFirstTimestamp(t *testing.T) {
	trials := 1000
	if testing.Short() {
		trials = 100
	}
	tr := tree(t, must(t)(graph.TreeOfDepth(5, 4)))
	estimate, err := tr.Trickle(time.Second, 1)
	if err != nil {
		t.Fatal(err)
	}
	rng, hit, believed, first := chance(3), 0.0, 0.0, 0.0
	for range trials {
		source := int32(rng.IntN(17)) // three links from the edge at least
		seen := trickle(tr, source, rng)
		p := estimate(seen)
		hit += p.Hit(source)
		believed += p.Weight(p.Best()[0])
		first += FirstTimestamp(seen).Hit(source)
	}
	n := float64(trials)
	hit, believed, first = hit/n, believed/n, first/n
	t.Logf("maximum likelihood %.3f, believed %.3f, first-timestamp %.3f", hit, believed, first)
	within := 5 * math.Sqrt(.25/n)
	if math.Abs(hit-believed) > within || math.Abs(first-.496) > within || hit < first-.01 {
		t.Errorf("right in %.3f, believed to be in %.3f; first-timestamp in %.3f", hit, believed, first)
	}
}

func TestTrickleRefuses(t *testing.T) {
	star := tree(t, must(t)(graph.TreeOfDepth(1, mostChildren+1)))
	if _, err := star.Trickle(time.Second, 1); err == nil {
		t.Error("a star of 13")
	}
	line := tree(t, must(t)(graph.Tree(5, 2)))
	if _, err := line.Trickle(0, 1); err == nil {
		t.Error("no slot")
	}
	if _, err := line.Trickle(time.Second, 0); err == nil {
		t.Error("no connection")
	}
}

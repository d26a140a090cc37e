package graph

import (
	"fmt"
	"math/rand/v2"
)

// Line returns a directed cycle through n nodes in random order: Dandelion's
// anonymity graph, on which each node has one link in and one out.
func Line(n int, rng *rand.Rand) (*Graph, error) { return Cycles(n, 1, rng) }

// Cycles returns the union of d random directed Hamiltonian cycles through n nodes
// that share no link: each node dials d others and is dialled by d. With d = 2 it is
// the 4-regular anonymity graph of Dandelion++. Two nodes may have dialled each other.
func Cycles(n, d int, rng *rand.Rand) (*Graph, error) {
	if err := checkNodes(n, 2); err != nil {
		return nil, err
	}
	if err := checkDegree("d", d, n); err != nil {
		return nil, err
	}
	// Six nodes have no five cycles, and where nearly all links are taken chance
	// finds none.
	if most := max(1, n/2); d > most {
		return nil, fmt.Errorf("%w: d = %d cycles with n = %d: allowed is 1 to %d", ErrDegree, d, n, most)
	}
	for {
		c := cycles{n: n, next: make([]int32, 0, n*d)}
		for c.add(rng) {
			if len(c.next) == n*d {
				return build(n, c.sources(), c.next), nil
			}
		}
	}
}

// cycles are Hamiltonian cycles on the same nodes.
type cycles struct {
	n    int
	next []int32 // of node v on cycle k at k·n + v
}

// patience is how often a place is tried, for each node, before all cycles are drawn
// anew. Only tight graphs, with d close to n, need that.
const patience = 100

// add draws one more cycle. Where it shares a link with another one, nodes change
// places with random ones until it shares none: that leaves it as good as uniform, as
// of the n links no more than d or so are shared at first.
func (c *cycles) add(rng *rand.Rand) bool {
	order := make([]int32, c.n)
	for i, v := range rng.Perm(c.n) {
		order[i] = int32(v) // below MaxNodes
	}
	for i := range order {
		for tries := 0; c.shares(order, i); tries++ {
			if tries == patience*c.n {
				return false
			}
			k := rng.IntN(c.n)
			before := c.shared(order, i, k)
			order[i], order[k] = order[k], order[i]
			if c.shared(order, i, k) > before {
				order[i], order[k] = order[k], order[i]
			}
		}
	}
	for i := range order {
		if c.shares(order, i) { // a later exchange has brought one back
			return false
		}
	}
	next := c.next[len(c.next) : len(c.next)+c.n]
	for i, v := range order {
		next[v] = order[(i+1)%c.n]
	}
	c.next = c.next[:len(c.next)+c.n]
	return true
}

// shares says whether the link from the node at a place is on another cycle.
func (c *cycles) shares(order []int32, i int) bool {
	v, u := order[i], order[(i+1)%c.n]
	for k := int(v); k < len(c.next); k += c.n {
		if c.next[k] == u {
			return true
		}
	}
	return false
}

// shared counts the shared links at two places.
func (c *cycles) shared(order []int32, i, k int) int {
	places, count := [4]int{(i + c.n - 1) % c.n, i, (k + c.n - 1) % c.n, k}, 0
	for a, place := range places {
		counted := false
		for _, other := range places[:a] {
			counted = counted || other == place
		}
		if !counted && c.shares(order, place) {
			count++
		}
	}
	return count
}

func (c *cycles) sources() []int32 {
	from := make([]int32, len(c.next))
	for i := range from {
		from[i] = int32(i % c.n) // below MaxNodes
	}
	return from
}

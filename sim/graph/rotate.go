package graph

import (
	"math/rand/v2"
	"slices"
)

// Rotation is what has changed of a graph: v has dropped one link and made another.
type Rotation struct{ V, Dropped, Dialled int32 }

// Rotated returns the graph in which v has dropped a random one of the links that it
// dialled and dialled a random node, to which it had no link, instead (mechanism 28).
// It is false, and the graph the same, if v dialled nobody or is linked to all.
func (g *Graph) Rotated(v int, rng *rand.Rand) (*Graph, Rotation, bool) {
	linked := g.Neighbours(v, nil)
	out := g.Out(v)
	strangers := g.Len() - 1 - len(linked)
	if len(out) == 0 || strangers == 0 {
		return g, Rotation{}, false
	}
	dropped := out[rng.IntN(len(out))]
	dialled := int32(rng.IntN(strangers)) // below MaxNodes
	at, _ := slices.BinarySearch(linked, int32(v))
	for _, u := range slices.Insert(linked, at, int32(v)) { // ascending: skip those before it
		if u <= dialled {
			dialled++
		}
	}
	change := Rotation{V: int32(v), Dropped: dropped, Dialled: dialled}
	return g.with(change), change, true
}

// with copies the graph with a change.
func (g *Graph) with(r Rotation) *Graph {
	c := *g
	c.out = slices.Clone(g.out)
	row := c.Out(int(r.V))
	i, _ := slices.BinarySearch(row, r.Dropped)
	row[i] = r.Dialled
	slices.Sort(row)

	c.in, c.inAt = slices.Clone(g.in), slices.Clone(g.inAt)
	i, _ = slices.BinarySearch(c.In(int(r.Dropped)), r.V)
	from := int(c.inAt[r.Dropped]) + i
	k, _ := slices.BinarySearch(c.In(int(r.Dialled)), r.V)
	to := int(c.inAt[r.Dialled]) + k
	// The entry moves from one row to another, and the rows between make way.
	if from < to {
		to--
		copy(c.in[from:to], c.in[from+1:to+1])
		for u := r.Dropped + 1; u <= r.Dialled; u++ {
			c.inAt[u]--
		}
	} else {
		copy(c.in[to+1:from+1], c.in[to:from])
		for u := r.Dialled + 1; u <= r.Dropped; u++ {
			c.inAt[u]++
		}
	}
	c.in[to] = r.V
	return &c
}

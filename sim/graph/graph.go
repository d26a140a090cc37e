package graph

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Errors of graphs that cannot be. What wraps them names the argument and what is
// allowed.
var (
	ErrNodes  = errors.New("graph: impossible number of nodes")
	ErrDegree = errors.New("graph: impossible degree")
)

// MaxNodes is the most nodes that a graph has. Ten millions with 8 links each take
// 720 MB.
const MaxNodes = 10_000_000

// Graph is a directed graph in compressed rows: the nodes that each node dialled, and
// those that dialled it. 100,000 nodes that dial 8 take 7.2 MB. It is never changed,
// and may be shared.
type Graph struct {
	outAt, inAt []int32 // where the row of each node begins; one more at the end
	out, in     []int32
	places      []Place // nil: the nodes are nowhere
}

// New returns the graph of n nodes in which, for each i, from[i] dialled to[i]. A
// link named twice is one, and a node does not dial itself.
func New(n int, from, to []int32) (*Graph, error) {
	if err := checkNodes(n, 1); err != nil {
		return nil, err
	}
	if len(from) != len(to) || len(from) > math.MaxInt32 {
		return nil, fmt.Errorf("graph: %d ends of links meet %d: as many of both, fewer than 2³¹", len(from), len(to))
	}
	for i := range from {
		if from[i] < 0 || int(from[i]) >= n || to[i] < 0 || int(to[i]) >= n {
			return nil, fmt.Errorf("%w: link %d is %d → %d: allowed is 0 to %d", ErrNodes, i, from[i], to[i], n-1)
		}
	}
	return build(n, from, to), nil
}

// build sorts links by counting: once by target, then, in that order, by source, so
// that the rows of out ascend; and back for in.
func build(n int, from, to []int32) *Graph {
	g := &Graph{}
	from, to = spell(gather(n, to, from))
	g.outAt, g.out = gather(n, from, to)
	g.compact()
	to, from = spell(g.outAt, g.out)
	g.inAt, g.in = gather(n, to, from)
	return g
}

// gather puts values into rows by key, in the order given.
func gather(n int, keys, values []int32) (at, rows []int32) {
	at = make([]int32, n+1)
	for _, k := range keys {
		at[k+1]++
	}
	for v := range n {
		at[v+1] += at[v]
	}
	rows = make([]int32, len(values))
	next := slices.Clone(at[:n])
	for i, k := range keys {
		rows[next[k]] = values[i]
		next[k]++
	}
	return at, rows
}

// spell writes rows out as the values and their keys, by ascending key.
func spell(at, rows []int32) (values, keys []int32) {
	keys = make([]int32, len(rows))
	for v := range len(at) - 1 {
		for i := at[v]; i < at[v+1]; i++ {
			keys[i] = int32(v) // below MaxNodes
		}
	}
	return rows, keys
}

// compact drops links that are there twice, and those of nodes to themselves.
func (g *Graph) compact() {
	kept := int32(0)
	for v := range g.Len() {
		row := g.out[g.outAt[v]:g.outAt[v+1]]
		g.outAt[v] = kept
		last := int32(-1)
		for _, u := range row {
			if u != last && int(u) != v {
				g.out[kept] = u
				kept++
				last = u
			}
		}
	}
	g.outAt[g.Len()] = kept
	g.out = slices.Clip(g.out[:kept])
}

// Len is how many nodes there are: 0 … Len()−1.
func (g *Graph) Len() int { return len(g.outAt) - 1 }

// Edges is how many links there are.
func (g *Graph) Edges() int { return len(g.out) }

// Out returns whom v dialled, ascending. It is not to be changed.
func (g *Graph) Out(v int) []int32 { return slices.Clip(g.out[g.outAt[v]:g.outAt[v+1]]) }

// In returns who dialled v, ascending. It is not to be changed.
func (g *Graph) In(v int) []int32 { return slices.Clip(g.in[g.inAt[v]:g.inAt[v+1]]) }

// Dialled says whether v dialled u.
func (g *Graph) Dialled(v, u int) bool {
	_, ok := slices.BinarySearch(g.Out(v), int32(u)) // below MaxNodes
	return ok
}

// Neighbours appends whom v is linked to, whoever dialled, to a buffer: ascending,
// each once.
func (g *Graph) Neighbours(v int, buffer []int32) []int32 {
	out, in := g.Out(v), g.In(v)
	for len(out) > 0 && len(in) > 0 {
		switch {
		case out[0] < in[0]:
			buffer, out = append(buffer, out[0]), out[1:]
		case out[0] > in[0]:
			buffer, in = append(buffer, in[0]), in[1:]
		default:
			buffer, out, in = append(buffer, out[0]), out[1:], in[1:]
		}
	}
	return append(append(buffer, out...), in...)
}

func checkNodes(n, least int) error {
	if n < least || n > MaxNodes {
		return fmt.Errorf("%w: n = %d: allowed is %d to %d", ErrNodes, n, least, MaxNodes)
	}
	return nil
}

// checkDegree checks what each of n nodes is to have.
func checkDegree(name string, d, n int) error {
	if d < 1 || d >= n {
		return fmt.Errorf("%w: %s = %d with n = %d: allowed is 1 to %d", ErrDegree, name, d, n, n-1)
	}
	if int64(n)*int64(d) > math.MaxInt32 {
		return fmt.Errorf("%w: %s = %d with n = %d: allowed is 1 to %d, fewer than 2³¹ links", ErrDegree, name, d, n, math.MaxInt32/n)
	}
	return nil
}

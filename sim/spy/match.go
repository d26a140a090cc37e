package spy

import (
	"math"
	"math/rand/v2"
)

// Match names a node for each of several transactions, or groups of them, of which each
// node has sent one at most: the matching whose beliefs have the largest sum, which is how
// many are right in expectation. Where the adversary knows nothing, what is left decides;
// chance does between equals. It names [Nobody] if there are more transactions than nodes.
// It takes the cube of their number: a second for 1,000. Source: Dandelion (2017),
// maximum-weight matching.
func Match(beliefs []Posterior, nodes []int32, rng *rand.Rand) []int32 {
	size := max(len(beliefs), len(nodes))
	// Both sides in random order, for the matching is partial to low numbers.
	rows, columns := rng.Perm(size), rng.Perm(size)
	column := make(map[int32]int, len(nodes))
	for i, v := range nodes {
		column[v] = columns[i]
	}
	cost := make([][]float64, size)
	for i := range cost {
		cost[i] = make([]float64, size)
	}
	for i, p := range beliefs {
		for _, g := range p {
			if k, ok := column[g.Node]; ok {
				cost[rows[i]][k] = -g.Weight
			}
		}
	}
	chosen := assign(cost)
	node := make([]int32, size)
	for i := range node {
		node[columns[i]] = Nobody
		if i < len(nodes) {
			node[columns[i]] = nodes[i]
		}
	}
	named := make([]int32, len(beliefs))
	for i := range named {
		named[i] = node[chosen[rows[i]]]
	}
	return named
}

// assign returns, by row of a square matrix, the column of the assignment whose costs have
// the least sum: the Hungarian method with shortest augmenting paths (Jonker & Volgenant
// 1987). Each row in turn finds the cheapest way to a free column, over columns whose rows
// move on.
func assign(cost [][]float64) []int {
	n := len(cost)
	a := assignment{
		cost: cost, rowPrice: make([]float64, n), columnPrice: make([]float64, n),
		row: make([]int, n), via: make([]int, n), slack: make([]float64, n), done: make([]bool, n),
	}
	for k := range a.row {
		a.row[k] = -1
	}
	for i := range n {
		a.augment(i)
	}
	column := make([]int, n)
	for k, i := range a.row {
		column[i] = k
	}
	return column
}

type assignment struct {
	cost                  [][]float64
	rowPrice, columnPrice []float64
	row                   []int     // by column, whose it is; −1: free
	via                   []int     // by column, the column before it on the path; −1: the new row
	slack                 []float64 // by column, the cheapest way to it so far
	done                  []bool
}

// augment gives a row a column.
func (a *assignment) augment(first int) {
	for k := range a.slack {
		a.slack[k], a.done[k] = math.Inf(1), false
	}
	reached, last := 0.0, -1
	i := first
	for {
		next := -1
		for k := range a.slack {
			if a.done[k] {
				continue
			}
			if way := reached + a.cost[i][k] - a.rowPrice[i] - a.columnPrice[k]; way < a.slack[k] {
				a.slack[k], a.via[k] = way, last
			}
			if next < 0 || a.slack[k] < a.slack[next] {
				next = k
			}
		}
		a.done[next] = true
		last, reached = next, a.slack[next]
		if i = a.row[next]; i < 0 {
			break
		}
	}
	a.settle(first, last, reached)
	for k := last; ; k = a.via[k] {
		if a.via[k] < 0 {
			a.row[k] = first
			return
		}
		a.row[k] = a.row[a.via[k]]
	}
}

// settle changes prices so that every way taken costs nothing.
func (a *assignment) settle(first, last int, reached float64) {
	a.rowPrice[first] += reached
	for k, done := range a.done {
		if done && k != last {
			a.columnPrice[k] -= reached - a.slack[k]
			a.rowPrice[a.row[k]] += reached - a.slack[k]
		}
	}
}

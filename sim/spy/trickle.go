package spy

import (
	"fmt"
	"math"
	"math/bits"
	"time"
)

// mostChildren bounds the degree of trees for trickle: what a node costs doubles with
// each.
const mostChildren = 12

// Trickle returns the maximum-likelihood estimator of trickle on a tree. A node that has
// received the transaction tells its other neighbours and the supernode's theta
// connections in random order, one a slot, beginning a slot later; the source begins at 0.
// All orders are equally likely, so that a source is as likely as there are orders that
// make its reports what they were: a node's children take the slots that its reports leave,
// and are sources of the same kind. Nobody has reported who will after the last sighting.
// Source: Fanti & Viswanath 2017, §3, the estimator for trickle; the message passing is
// ours.
func (t *Tree) Trickle(slot time.Duration, theta int) (Estimator, error) {
	for v, links := range t.links {
		if len(links) > mostChildren {
			return nil, fmt.Errorf("%w for trickle: node %d has %d links: allowed is %d", ErrTree, v, len(links), mostChildren)
		}
	}
	if slot <= 0 || theta < 1 {
		return nil, fmt.Errorf("spy: a slot of %v and theta = %d: allowed is above 0, and 1 or more", slot, theta)
	}
	return func(seen []Sighting) Posterior {
		if len(seen) == 0 {
			return nil
		}
		m := t.newTrickling(slot, theta, seen)
		var guesses []Guess
		for v := range t.parent {
			guesses = append(guesses, Guess{int32(v), m.spread(int32(v), -1, 0)}) // a tree's size is one of a graph
		}
		return likely(guesses)
	}, nil
}

// trickling is one transaction's reports.
type trickling struct {
	*Tree
	theta   int
	horizon int     // the last slot of which anything is known
	reports [][]int // by node, slots, ascending
	below   []int   // who has reported, as in reporters
	known   map[subtree]float64
}

// subtree is what lies behind a node as seen from a neighbour, reached at a slot.
type subtree struct {
	v, from int32
	at      int
}

func (t *Tree) newTrickling(slot time.Duration, theta int, seen []Sighting) *trickling {
	m := &trickling{Tree: t, theta: theta, reports: make([][]int, len(t.parent)), known: map[subtree]float64{}}
	for _, s := range seen {
		at := int((s.At + slot/2) / slot)
		m.reports[s.From] = append(m.reports[s.From], at)
		m.horizon = max(m.horizon, at)
	}
	_, m.below = t.reporters(seen, math.MaxInt64)
	return m
}

// silent says whether nothing behind v, as seen from a neighbour, has reported.
func (m *trickling) silent(v, from int32) bool {
	if from == m.parent[v] {
		return m.below[v] == 0
	}
	return m.below[0] == m.below[from] // from is a child of v
}

// spread returns the logarithm of the likelihood of all reports from behind v, if a
// neighbour has told it at a slot; from −1 it is the source.
func (m *trickling) spread(v, from int32, at int) float64 {
	if from >= 0 && at >= m.horizon { // nothing that it brings about is known
		if m.silent(v, from) {
			return 0
		}
		return math.Inf(-1)
	}
	key := subtree{v, from, at}
	log, ok := m.known[key]
	if !ok {
		log = m.share(v, from, at)
		m.known[key] = log
	}
	return log
}

// share sums over the orders in which v may have told its children.
func (m *trickling) share(v, from int32, at int) float64 {
	children := make([]int32, 0, len(m.links[v]))
	for _, u := range m.links[v] {
		if u != from {
			children = append(children, u)
		}
	}
	slots := len(children) + m.theta
	taken, unseen, ok := m.taken(v, at, slots)
	if !ok {
		return math.Inf(-1)
	}
	weights, scale := m.weigh(v, children, at, taken)
	if math.IsInf(scale, -1) {
		return scale
	}
	// ways[set] counts, weighed, how the free slots so far can have gone to a set of
	// children and to reports that nobody has seen yet.
	ways := make([]float64, 1<<len(children))
	ways[0] = 1
	free := 0
	for s := range slots {
		if taken[s] {
			continue
		}
		free++
		late := at+s+1 > m.horizon
		for set := len(ways) - 1; set >= 0; set-- {
			sum := 0.0
			if waits := free - bits.OnesCount(uint(set)); late && waits >= 1 && waits <= unseen {
				sum = ways[set] // this slot is one of those reports
			}
			for rest := set; rest != 0; rest &= rest - 1 {
				c := bits.TrailingZeros(uint(rest))
				sum += ways[set&^(1<<c)] * weights[c][s]
			}
			ways[set] = sum
		}
	}
	orders, _ := math.Lgamma(float64(slots + 1))
	same, _ := math.Lgamma(float64(m.theta + 1))
	return math.Log(ways[len(ways)-1]) + scale - orders + same
}

// taken says which of a node's slots its reports take and how many reports are to come.
// It is false if a report lies outside of them.
func (m *trickling) taken(v int32, at, slots int) (taken []bool, unseen int, ok bool) {
	taken = make([]bool, slots)
	for _, r := range m.reports[v] {
		s := r - at - 1
		if s < 0 || s >= slots || taken[s] {
			return nil, 0, false
		}
		taken[s] = true
	}
	unseen = m.theta - len(m.reports[v])
	return taken, unseen, unseen >= 0
}

// weigh returns how likely each child is in each free slot, over its likeliest slot, and
// the sum of the logarithms of those.
func (m *trickling) weigh(v int32, children []int32, at int, taken []bool) (weights [][]float64, scale float64) {
	weights = make([][]float64, len(children))
	for c, u := range children {
		most := math.Inf(-1)
		row := make([]float64, len(taken))
		for s := range row {
			row[s] = math.Inf(-1)
			if !taken[s] {
				row[s] = m.spread(u, v, at+s+1)
				most = max(most, row[s])
			}
		}
		if math.IsInf(most, -1) {
			return nil, most
		}
		for s := range row {
			row[s] = math.Exp(row[s] - most)
		}
		weights[c] = row
		scale += most
	}
	return weights, scale
}

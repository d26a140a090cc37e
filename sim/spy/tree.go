package spy

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// ErrTree is a graph that is no tree, for an estimator that wants one.
var ErrTree = errors.New("spy: not a tree")

// Links are a network as an adversary knows it: whom each node dialled, and who
// dialled it.
type Links interface {
	Len() int
	Out(v int) []int32
	In(v int) []int32
}

// Tree is a network without cycles that the adversary knows. Its estimators judge what a
// supernode sees, who hears from every node that has the transaction.
type Tree struct {
	links  [][]int32 // by node, its neighbours
	parent []int32   // towards node 0; −1 there
	order  []int32   // parents before their children
}

// NewTree returns a network as a tree.
func NewTree(l Links) (*Tree, error) {
	n := l.Len()
	t := &Tree{links: make([][]int32, n), parent: slices.Repeat([]int32{-1}, n), order: make([]int32, 0, n)}
	ends := 0
	for v := range n {
		t.links[v] = slices.Concat(l.Out(v), l.In(v))
		ends += len(t.links[v])
	}
	if n == 0 || ends != 2*(n-1) {
		return nil, fmt.Errorf("%w: %d nodes have %d links", ErrTree, n, ends/2)
	}
	t.order = append(t.order, 0)
	for i := 0; i < len(t.order); i++ {
		v := t.order[i]
		for _, u := range t.links[v] {
			if u == t.parent[v] {
				continue
			}
			if len(t.order) == n { // as many links as a tree has, but one makes a cycle
				return nil, fmt.Errorf("%w: it has a cycle through node %d", ErrTree, u)
			}
			t.parent[u] = v
			t.order = append(t.order, u)
		}
	}
	if len(t.order) != n {
		return nil, fmt.Errorf("%w: it is not connected", ErrTree)
	}
	return t, nil
}

// reporters counts, by node, who has reported until some time among it and what is
// below it.
func (t *Tree) reporters(seen []Sighting, until time.Duration) (self []bool, below []int) {
	self, below = make([]bool, len(t.parent)), make([]int, len(t.parent))
	for _, s := range seen {
		if s.At <= until {
			self[s.From] = true
		}
	}
	for _, v := range slices.Backward(t.order) {
		if self[v] {
			below[v]++
		}
		if p := t.parent[v]; p >= 0 {
			below[p] += below[v]
		}
	}
	return self, below
}

// ReportingCentre returns the estimator that names the node from which, in each direction,
// fewer than half of the nodes lie that have reported until some time since the first
// sighting; itself it does not count. There may be none. Source: Fanti & Viswanath 2017,
// reporting centrality.
func (t *Tree) ReportingCentre(until time.Duration) Estimator {
	return func(seen []Sighting) Posterior {
		if len(seen) == 0 {
			return nil
		}
		self, below := t.reporters(seen, first(seen)+until)
		total := below[0]
		var centres []int32
		for v := range t.parent {
			around := total
			if self[v] {
				around--
			}
			most := total - below[v] // towards the root
			for _, u := range t.links[v] {
				if u != t.parent[v] {
					most = max(most, below[u])
				}
			}
			if 2*most < around || total == 1 && self[v] {
				centres = append(centres, int32(v)) // a tree's size is one of a graph
			}
		}
		return even(centres)
	}
}

// first is when the first of the sightings was made.
func first(seen []Sighting) time.Duration {
	at := seen[0].At
	for _, s := range seen {
		at = min(at, s.At)
	}
	return at
}

// RumourCentre returns the estimator that weighs each node by how many orders there are in
// which a transaction can have spread from it to those that have reported until some time
// since the first sighting, and to who lies between them: n! / ∏ size of the subtree at u.
// On a regular tree that is the likelihood of such a set. Source: Shah & Zaman 2011.
func (t *Tree) RumourCentre(until time.Duration) Estimator {
	return func(seen []Sighting) Posterior {
		if len(seen) == 0 {
			return nil
		}
		self, below := t.reporters(seen, first(seen)+until)
		total := below[0]
		has := make([]bool, len(t.parent)) // who has the transaction
		size := make([]int, len(t.parent)) // of the part of the subtree that has it
		root := int32(-1)
		for _, v := range slices.Backward(t.order) {
			has[v] = self[v] || below[v] > 0 && below[v] < total || t.splits(v, below)
			if !has[v] {
				continue
			}
			size[v]++
			root = v // the last one is the highest
			if p := t.parent[v]; p >= 0 {
				size[p] += size[v]
			}
		}
		return t.orders(root, has, size)
	}
}

// splits says whether who has reported lies below more than one child.
func (t *Tree) splits(v int32, below []int) bool {
	children := 0
	for _, u := range t.links[v] {
		if u != t.parent[v] && below[u] > 0 {
			children++
		}
	}
	return children > 1
}

// orders weighs the nodes of the subtree that has the transaction. From a parent to its
// child, only these two subtrees change: n−size of the child's takes the place of its own.
func (t *Tree) orders(root int32, has []bool, size []int) Posterior {
	n := float64(size[root])
	logs := make([]float64, len(has))
	var guesses []Guess
	for _, v := range t.order {
		if !has[v] {
			continue
		}
		if v != root {
			logs[v] = logs[t.parent[v]] + math.Log(float64(size[v])) - math.Log(n-float64(size[v]))
		}
		guesses = append(guesses, Guess{v, logs[v]})
	}
	return likely(guesses)
}

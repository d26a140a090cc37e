package graph

import (
	"fmt"
	"math/rand/v2"
)

// Regular returns a random graph in which each of n nodes has d links, no two between
// the same nodes. Who of two has dialled is such that each node has dialled half of its
// links, rounded up or down.
//
// The links come from the configuration model: the ends of all links are paired at
// random. A pair that makes no link, or one that is there already, exchanges ends with
// random others. That is not quite uniform, but no statistic of ours tells.
func Regular(n, d int, rng *rand.Rand) (*Graph, error) {
	if err := checkNodes(n, 2); err != nil {
		return nil, err
	}
	if err := checkDegree("d", d, n); err != nil {
		return nil, err
	}
	if n*d%2 != 0 {
		return nil, fmt.Errorf("%w: d = %d with n = %d: n·d is %d and must be even, as each link has two ends", ErrDegree, d, n, n*d)
	}
	var ends []int32
	// Exchanging fails where most links are there already: then the links that are
	// missing make a sparse regular graph.
	if sparse := n - 1 - d; sparse < d {
		ends = complement(n, pair(n, sparse, rng))
		for i := 0; i < len(ends); i += 2 {
			swap := rng.IntN(len(ends)/2-i/2) * 2
			ends[i], ends[i+swap] = ends[i+swap], ends[i]
			ends[i+1], ends[i+swap+1] = ends[i+swap+1], ends[i+1]
		}
	} else {
		ends = pair(n, d, rng)
	}
	from, to := orient(n, ends)
	return build(n, from, to), nil
}

// pairing is a set of links without direction: ends 2i and 2i+1 make link i.
type pairing struct {
	ends []int32
	here map[uint64]struct{}
	bad  []bool
}

// pair draws links until they make a simple graph.
func pair(n, d int, rng *rand.Rand) []int32 {
	for {
		p := pairing{ends: make([]int32, n*d), here: make(map[uint64]struct{}, n*d/2), bad: make([]bool, n*d/2)}
		for i := range p.ends {
			p.ends[i] = int32(i % n) // below MaxNodes
		}
		rng.Shuffle(len(p.ends), func(i, k int) { p.ends[i], p.ends[k] = p.ends[k], p.ends[i] })
		if p.repair(rng) {
			return p.ends
		}
	}
}

// repair exchanges ends until all links are good. It gives up where that does not come
// about, which happens to a handful of nodes.
func (p *pairing) repair(rng *rand.Rand) bool {
	var bad []int
	for i := range p.bad {
		key, ok := linkOf(p.ends[2*i], p.ends[2*i+1])
		if _, twice := p.here[key]; !ok || twice {
			p.bad[i], bad = true, append(bad, i)
			continue
		}
		p.here[key] = struct{}{}
	}
	for tries := 0; len(bad) > 0; tries++ {
		if tries == patience*len(p.ends) {
			return false
		}
		if i := bad[len(bad)-1]; p.exchange(i, rng.IntN(len(p.bad)), rng.IntN(2)) {
			p.bad[i], bad = false, bad[:len(bad)-1]
		}
	}
	return true
}

// exchange makes two good links of a bad one and a good one, if it can.
func (p *pairing) exchange(i, k, side int) bool {
	if p.bad[k] {
		return false
	}
	a, b, c, d := &p.ends[2*i], &p.ends[2*i+1], &p.ends[2*k+side], &p.ends[2*k+1-side]
	first, ok1 := linkOf(*a, *c)
	second, ok2 := linkOf(*b, *d)
	_, twice1 := p.here[first]
	_, twice2 := p.here[second]
	if !ok1 || !ok2 || twice1 || twice2 || first == second {
		return false
	}
	old, _ := linkOf(*c, *d)
	delete(p.here, old)
	p.here[first], p.here[second] = struct{}{}, struct{}{}
	*b, *c = *c, *b
	return true
}

// linkOf names the link between two nodes, if there can be one.
func linkOf(u, v int32) (uint64, bool) {
	return uint64(min(u, v))<<32 | uint64(max(u, v)), u != v
}

// complement returns the links that are not there.
func complement(n int, ends []int32) []int32 {
	here := make(map[uint64]struct{}, len(ends)/2)
	for i := 0; i < len(ends); i += 2 {
		key, _ := linkOf(ends[i], ends[i+1])
		here[key] = struct{}{}
	}
	var missing []int32
	for u := range int32(n) { // below MaxNodes
		for v := u + 1; int(v) < n; v++ {
			key, _ := linkOf(u, v)
			if _, ok := here[key]; !ok {
				missing = append(missing, u, v)
			}
		}
	}
	return missing
}

// orient walks along the links until none is left, from nodes with an odd number of
// them first: each is passed in the direction in which it is dialled, and a walk leaves
// a node as often as it comes to it.
func orient(n int, ends []int32) (from, to []int32) {
	links := make([]int32, len(ends)) // by end, the link
	for i := range links {
		links[i] = int32(i / 2) // checkDegree's bound
	}
	at, rows := gather(n, ends, links)
	next, left := make([]int32, n), make([]int32, n)
	for v := range n {
		next[v], left[v] = at[v], at[v+1]-at[v]
	}
	passed := make([]bool, len(ends)/2)
	walk := func(v int32) {
		for next[v] < at[v+1] {
			i := rows[next[v]]
			next[v]++
			if passed[i] {
				continue
			}
			passed[i] = true
			u := ends[2*i] ^ ends[2*i+1] ^ v
			from, to = append(from, v), append(to, u)
			left[v]--
			left[u]--
			v = u
		}
	}
	for odd := range int32(2) {
		for v := range int32(n) { // below MaxNodes
			if odd == 1 || left[v]%2 == 1 {
				walk(v)
			}
		}
	}
	return from, to
}

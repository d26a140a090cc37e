package spy

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Guess is a node and how likely it is the source.
type Guess struct {
	Node   int32
	Weight float64 // 0..1
}

// Posterior is what an adversary believes of a transaction: nodes in ascending order,
// each once, whose weights sum to 1. An empty one says that it knows nothing.
type Posterior []Guess

// even shares the belief among nodes, whose order it changes.
func even(nodes []int32) Posterior {
	slices.Sort(nodes)
	nodes = slices.Compact(nodes)
	p := make(Posterior, len(nodes))
	for i, v := range nodes {
		p[i] = Guess{v, 1 / float64(len(nodes))}
	}
	return p
}

// weighed makes a posterior of weights that are not negative, by node. Those of 0 are
// left out.
func weighed(guesses []Guess) Posterior {
	total := 0.0
	for _, g := range guesses {
		total += g.Weight
	}
	if !(total > 0) {
		return nil
	}
	p := make(Posterior, 0, len(guesses))
	for _, g := range guesses {
		if g.Weight > 0 {
			p = append(p, Guess{g.Node, g.Weight / total})
		}
	}
	slices.SortFunc(p, func(a, b Guess) int { return cmp.Compare(a.Node, b.Node) })
	return p
}

// likely makes a posterior of the logarithms of likelihoods, by node. Those of −∞ are
// impossible.
func likely(guesses []Guess) Posterior {
	most := math.Inf(-1)
	for _, g := range guesses {
		most = max(most, g.Weight)
	}
	if math.IsInf(most, -1) {
		return nil
	}
	guesses = slices.Clone(guesses)
	for i := range guesses {
		guesses[i].Weight = math.Exp(guesses[i].Weight - most)
	}
	return weighed(guesses)
}

// Weight is how likely a node is the source: for the true one, the chance that an
// adversary who names a node by its belief is right.
func (p Posterior) Weight(node int32) float64 {
	i, ok := slices.BinarySearchFunc(p, node, func(g Guess, v int32) int { return cmp.Compare(g.Node, v) })
	if !ok {
		return 0
	}
	return p[i].Weight
}

// slack is how far two weights may be apart and count as equal: they are sums in
// different orders.
const slack = 1e-9

// Best returns the likeliest nodes, ascending.
func (p Posterior) Best() []int32 {
	most := 0.0
	for _, g := range p {
		most = max(most, g.Weight)
	}
	var best []int32
	for _, g := range p {
		if g.Weight >= most*(1-slack) {
			best = append(best, g.Node)
		}
	}
	return best
}

// Name returns the likeliest node, or [Nobody]. Chance decides between equals, as in
// the papers.
func (p Posterior) Name(rng *rand.Rand) int32 {
	best := p.Best()
	switch len(best) {
	case 0:
		return Nobody
	case 1:
		return best[0]
	}
	return best[rng.IntN(len(best))]
}

// Hit is the chance that Name returns a node: 1/k if it is one of the k likeliest.
func (p Posterior) Hit(node int32) float64 {
	best := p.Best()
	if _, ok := slices.BinarySearch(best, node); !ok {
		return 0
	}
	return 1 / float64(len(best))
}

// Entropy is the posterior's, in bits: 2 to its power is how many sources there could
// be (Sharma, Gosain & Diaz, NDSS 2023). An empty posterior is as good as one over all
// nodes: what that has, the caller knows.
func (p Posterior) Entropy() float64 {
	h := 0.0
	for _, g := range p {
		if g.Weight > 0 {
			h -= g.Weight * math.Log2(g.Weight)
		}
	}
	return h
}

package spy

import (
	"math"
	"slices"
)

// Intersect returns the belief about the source of a group of transactions that are known
// to be of one source, say from the chain: the product of those about each. It is the
// intersection attack. Where each transaction is routed anew, [Fingerprints] are another.
// Posteriors that know nothing do not count.
//
// Doubt is the share of its belief of which an estimator is not sure, and which it leaves to
// all nodes alike, of which there are so many. With 0 one transaction that a node cannot
// have sent acquits it: right for whoever knows how nodes route, as a [Walk] does of routing
// per transaction. Whoever guesses needs more, or the first mistake acquits the source.
func Intersect(beliefs []Posterior, nodes int, doubt float64) Posterior {
	var suspects []int32
	for _, p := range beliefs {
		for _, g := range p {
			suspects = append(suspects, g.Node)
		}
	}
	slices.Sort(suspects)
	suspects = slices.Compact(suspects)
	guesses := make([]Guess, len(suspects))
	for i, v := range suspects {
		log := 0.0
		for _, p := range beliefs {
			if len(p) > 0 {
				log += math.Log((1-doubt)*p.Weight(v) + doubt/float64(nodes))
			}
		}
		guesses[i] = Guess{v, log}
	}
	return likely(guesses)
}

// Vote returns the belief about the source of a group of transactions: each has a vote, and
// shares it as it believes. The adversary needs no model for it. Those that know nothing
// abstain.
func Vote(beliefs []Posterior) Posterior {
	var votes []Guess
	for _, p := range beliefs {
		votes = append(votes, p...)
	}
	slices.SortStableFunc(votes, func(a, b Guess) int { return int(a.Node) - int(b.Node) })
	sums := votes[:0]
	for _, g := range votes {
		if k := len(sums); k > 0 && sums[k-1].Node == g.Node {
			sums[k-1].Weight += g.Weight
			continue
		}
		sums = append(sums, g)
	}
	return weighed(sums)
}

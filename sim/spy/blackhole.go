package spy

import (
	"math"
	"time"
)

// FiresFirst returns, for each of so many holders of a stem that goes to a black hole, the
// source first, the chance that its embargo is the first to end. Holders get the
// transaction a hop apart, and embargoes are exponential: whoever holds it at a time is as
// likely to be next as the others. A stem of 5 that takes no time betrays its source in
// one case of 5; the longer a hop, the more. Source: the rule is Dandelion++'s, §4.4; the
// sum is ours.
func FiresFirst(holders int, hop, embargo time.Duration) []float64 {
	chances := make([]float64, holders)
	ratio := float64(hop) / float64(embargo)
	share := 0.0
	for k := holders; k >= 1; k-- { // while k of them hold it
		ends := silence(k, ratio)
		if k < holders {
			ends -= silence(k+1, ratio)
		}
		share += ends / float64(k)
		chances[k-1] = share
	}
	return chances
}

// silence is the chance that no embargo has ended when the k-th holder gets the
// transaction: those before it have waited 1 + … + k−1 hops together.
func silence(k int, ratio float64) float64 { return math.Exp(-ratio * float64(k*(k-1)) / 2) }

// SourceFires is how likely the source is to make public what a black hole swallows, over
// stems of all lengths, if each hop ends in one with chance holes, and nowhere else.
func SourceFires(holes float64, hop, embargo time.Duration) float64 {
	sum, reaches := 0.0, 1.0
	for k := 1; k <= longest && reaches > negligible; k++ {
		sum += reaches * holes * FiresFirst(k, hop, embargo)[0]
		reaches *= 1 - holes
	}
	return sum / (1 - reaches)
}

// Stems are followed until one in 1,000 is longer, or for 1,000 hops.
const (
	longest    = 1000
	negligible = 1e-3
)

// BlackHole returns the belief of an adversary that swallows stems and then sees who makes
// a transaction public: one of its holders. It knows the anonymity graph, the embargoes and
// that a share holes of the nodes are its own, which says how long stems are. The source is
// so many hops before who has fired as a random walk goes.
func (w *Walk) BlackHole(fired int32, holes float64, hop, embargo time.Duration) Posterior {
	n := w.links.Len()
	at, next := make([]float64, n), make([]float64, n)
	at[fired] = 1 // by node, the chance that a stem of its own passes there after so many hops
	sums := make([]float64, n)
	for _, weight := range firing(holes, hop, embargo) {
		for v := range sums {
			if !w.spies[v] {
				sums[v] += weight * at[v]
				next[v] = w.pass(v, at)
			}
		}
		at, next = next, at
	}
	guesses := make([]Guess, n)
	for v, x := range sums {
		guesses[v] = Guess{int32(v), x} // as many as nodes
	}
	return weighed(guesses)
}

// firing returns how likely the first, second, … holder is the first to fire, if there is
// one: over stems of all lengths, each of whose hops ends in a black hole with chance holes.
func firing(holes float64, hop, embargo time.Duration) []float64 {
	var weights []float64
	reaches := 1.0 // the chance that there is a k-th holder
	for k := 1; k <= longest && reaches > negligible; k++ {
		weights = append(weights, 0)
		for i, chance := range FiresFirst(k, hop, embargo) {
			weights[i] += reaches * holes * chance
		}
		reaches *= 1 - holes
	}
	reaches = 1
	for i := range weights {
		weights[i] /= reaches
		reaches *= 1 - holes
	}
	return weights
}

package spy

import (
	"math"
	"math/rand/v2"
)

// Fingerprints are how the stems of each node come to the spies, of as many as an adversary
// has simulated on a graph that it knows. Where each transaction is routed anew, several of
// one source look more and more like its fingerprint (BIP 156, figure 2).
type Fingerprints struct {
	stems  int            // of each node
	counts []map[hand]int // by node; nil for spies
	square []int          // by node, the sum of its counts' squares
	seen   map[hand]bool  // how any stem came to a spy
}

// hand is an exit and the spy that it hands to.
type hand struct{ exit, spy int32 }

// Fingerprints simulates so many stems of each honest node, as routers route them per
// transaction: not back to whom they came from, and no further than to where they have been.
func (w *Walk) Fingerprints(stems int, rng *rand.Rand) *Fingerprints {
	n := w.links.Len()
	f := &Fingerprints{stems: stems, counts: make([]map[hand]int, n), square: make([]int, n), seen: map[hand]bool{}}
	visited := make([]int, n) // the number of the last stem that came to a node
	for v := range f.counts {
		if w.spies[v] {
			continue
		}
		f.counts[v] = map[hand]int{}
		for i := range stems {
			h, ok := w.wander(v, visited, 1+v*stems+i, rng)
			if !ok {
				continue
			}
			f.square[v] += 2*f.counts[v][h] + 1
			f.counts[v][h]++
			f.seen[h] = true
		}
	}
	return f
}

// wander follows a stem of a number to the spy that sees it, if one does.
func (w *Walk) wander(v int, visited []int, number int, rng *rand.Rand) (hand, bool) {
	for from := -1; visited[v] != number; {
		visited[v] = number
		out := w.links.Out(v)
		if len(out) == 0 {
			break
		}
		next := int(out[rng.IntN(len(out))])
		for next == from && len(out) > 1 {
			next = int(out[rng.IntN(len(out))])
		}
		if w.spies[next] {
			return hand{int32(v), int32(next)}, true // as many as nodes
		}
		if rng.Float64() < w.fluff {
			break
		}
		from, v = v, next
	}
	return hand{}, false
}

// Estimate weighs honest nodes by how near their fingerprints are to what was seen of a group
// of transactions of one source, as vectors of shares by exit and spy: a weight is what
// Euclid's distance leaves of one that is longer than any. A [Match] of groups then makes the
// sum of the distances least. Weights are in order, and are no chances: all are nearly equal.
// It knows nothing of a group of which nothing was seen in a stem. Source: the authors'
// program for the figure, github.com/mablem8/dandelion-simulations-py, fingerprint-d8.
func (f *Fingerprints) Estimate(seen [][]Sighting) Posterior {
	group := map[hand]float64{}
	var hands []hand // of the group, in the order seen
	for _, sightings := range seen {
		stem := stems(sightings)
		if len(stem) == 0 {
			continue
		}
		h := hand{stem[0].From, stem[0].To}
		if group[h] == 0 {
			hands = append(hands, h)
		}
		group[h]++
	}
	if len(hands) == 0 {
		return nil
	}
	// The root of the number of shares, as the authors have it, which shares need not reach
	// where there are one or two: √2 more is above all distances.
	far := math.Sqrt(float64(len(f.seen))) + math.Sqrt2
	guesses := make([]Guess, 0, len(f.counts))
	for v, counts := range f.counts {
		if counts == nil {
			continue
		}
		square := float64(f.square[v]) / float64(f.stems) / float64(f.stems)
		for _, h := range hands {
			share, of := group[h]/float64(len(seen)), float64(counts[h])/float64(f.stems)
			square += share * (share - 2*of) // (share − of)², whose of² is there already
		}
		guesses = append(guesses, Guess{int32(v), far - math.Sqrt(max(0, square))}) // as many as nodes
	}
	return weighed(guesses)
}

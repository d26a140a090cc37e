package spy

import (
	"math"
	"slices"
)

// Kept returns the belief about the source of a group of transactions that are known to be
// of one source, if nodes keep their own first hop over all of them, as Tor's clients keep
// their guards, and route what others send as a [Walk] does. Each node may have any of those
// that it dialled for its first hop: a source is as likely as the mean over them of the
// product over transactions. Doubt is as in [Intersect].
func (w *Walk) Kept(group [][]Sighting, doubt float64) Posterior {
	n := w.links.Len()
	honest := float64(n)
	for _, s := range w.spies {
		if s {
			honest--
		}
	}
	var seen []Sighting
	for _, tx := range group {
		if stem := stems(tx); len(stem) > 0 && w.dialled(stem[0].From, stem[0].To) {
			seen = append(seen, stem[0])
		}
	}
	if len(seen) == 0 {
		return nil
	}
	var guesses []Guess
	for v := range int32(n) { // as many as nodes
		if !w.spies[v] {
			guesses = append(guesses, Guess{v, w.overHops(v, seen, doubt/honest)})
		}
	}
	return likely(guesses)
}

// overHops returns the logarithm of the mean, over v's possible first hops, of how likely
// they make all that was seen; rest is added to each likelihood.
func (w *Walk) overHops(v int32, seen []Sighting, rest float64) float64 {
	out := w.links.Out(int(v))
	logs := make([]float64, len(out))
	for i, first := range out {
		for _, s := range seen {
			chance := 0.0
			switch {
			case !w.spies[first]: // it hands on, unless it fluffs, and is no source
				chance = (1 - w.fluff) * w.Likelihood(s.From)[first]
			case s.From == v && s.To == first:
				chance = 1
			}
			logs[i] += math.Log(chance + rest)
		}
	}
	if len(logs) == 0 {
		return math.Inf(-1)
	}
	most := slices.Max(logs)
	if math.IsInf(most, -1) {
		return most
	}
	sum := 0.0
	for _, l := range logs {
		sum += math.Exp(l - most)
	}
	return most + math.Log(sum/float64(len(logs)))
}

// dialled says whether the graph has a link.
func (w *Walk) dialled(v, u int32) bool {
	_, ok := slices.BinarySearch(w.links.Out(int(v)), u)
	return ok
}

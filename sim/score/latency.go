package score

import (
	"math"
	"slices"
	"time"
)

// Never is when a node receives what it does not receive.
const Never = time.Duration(-1)

// Latency is how long one transaction, or block, took to reach so many of the nodes.
// Those that it has not reached are [Never].
type Latency struct {
	First              time.Duration // the first node other than the source
	T50, T90, T99, Max time.Duration
}

// LatencyOf returns the latency of one thing that arrived at each node at some time since
// it was submitted, or [Never]. The source is among them, with 0. It takes the share of all
// nodes, rounded up: T99 of 150 nodes is when 149 have it.
func LatencyOf(arrivals []time.Duration) Latency {
	sorted := arrived(arrivals)
	at := func(percent int) time.Duration {
		if k := (len(arrivals)*percent + 99) / 100; k >= 1 && k <= len(sorted) {
			return sorted[k-1]
		}
		return Never
	}
	l := Latency{First: Never, T50: at(50), T90: at(90), T99: at(99), Max: at(100)}
	if len(sorted) > 1 {
		l.First = sorted[1]
	}
	return l
}

// arrived returns the times of what arrives at all, ascending.
func arrived(arrivals []time.Duration) []time.Duration {
	sorted := slices.DeleteFunc(slices.Clone(arrivals), func(t time.Duration) bool { return t < 0 })
	slices.Sort(sorted)
	return sorted
}

// Quantile returns the value below which the share q of the values lies: the least that
// as many are at most. Not a number, if there are none. The values' order does not matter.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	k := int(math.Ceil(q*float64(len(sorted)) - 1e-9)) // .99 · 100 is 99.00000000000001
	return sorted[min(max(k, 1), len(sorted))-1]
}

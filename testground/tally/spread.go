package tally

import (
	"slices"
	"time"
)

// Spread is how fast transactions came to all nodes but their origins: medians over
// the transactions of the times until half, 90 % and all of the nodes had one.
type Spread struct {
	T50, T90, All time.Duration
}

// Measure summarises arrivals, a slice a transaction, each with the time since it was
// sent for each node but its origin. There must be one at least, and none may be empty.
func Measure(arrivals [][]time.Duration) Spread {
	var t50, t90, all []time.Duration
	for _, times := range arrivals {
		s := slices.Sorted(slices.Values(times))
		t50 = append(t50, s[reached(len(s), 50)])
		t90 = append(t90, s[reached(len(s), 90)])
		all = append(all, s[len(s)-1])
	}
	return Spread{median(t50), median(t90), median(all)}
}

// reached is the index of the node with which a percentage of n is reached.
func reached(n, percent int) int { return max(0, (n*percent+99)/100-1) }

// median of an even number is the lower of the two in the middle: a time that was
// measured.
func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[(len(times)-1)/2]
}

package score

import (
	"math"
	"slices"
	"time"
)

// Fairness is how alike nodes are served (mechanism 69). No paper defines it for the
// spread of transactions, so this is ours. A network is fair if, of nodes with the same
// bandwidth, none hears later as a rule, for to hear early is worth money; if a
// transaction spreads as fast whoever sends it; and if those who hear first have little
// time before the others do. Hence three figures, none of which says what another does:
type Fairness struct {
	// Jain is Jain's index of the nodes' mean ranks of arrival, and Gini their Gini
	// coefficient. Ranks and not times: they have no unit, and one slow transaction
	// does not outweigh a hundred others. 1 and 0: everybody waits alike.
	Jain, Gini float64
	// Sources is by how much it matters who sends: the 95th percentile over sources
	// of a transaction's t90, over the 5th. 1: not at all.
	Sources float64
	// Front is the front-running window: the median of what lies between the first
	// node's hearing of a transaction and the hearing of 99 % of the nodes. 0: none.
	Front time.Duration
}

// FairnessOf returns the fairness of transactions on nodes with mean ranks, 0..1, that may
// be not a number where a node has heard nothing; those are left out, as are transactions
// that did not reach 99 %.
func FairnessOf(ranks []float64, transactions []Latency) Fairness {
	ranks = slices.DeleteFunc(slices.Clone(ranks), math.IsNaN)
	var t90, windows []float64
	for _, l := range transactions {
		if l.T99 < 0 {
			continue
		}
		t90 = append(t90, float64(l.T90))
		windows = append(windows, float64(l.T99-l.First))
	}
	f := Fairness{Jain: Jain(ranks), Gini: Gini(ranks), Sources: Quantile(t90, 0.95) / Quantile(t90, 0.05), Front: Never}
	if len(windows) > 0 {
		f.Front = time.Duration(Quantile(windows, 0.5))
	}
	return f
}

// MeanRanks returns, by node, the mean over transactions of the share of the other nodes
// that have a transaction before the node: 0..1, about one half where all are served
// alike. Nodes that receive something at the same time share the ranks. A row is the
// arrivals of one transaction, by node; where a node has received nothing it is not a
// number.
func MeanRanks(transactions [][]time.Duration, nodes int) []float64 {
	sums, heard := make([]float64, nodes), make([]int, nodes)
	order := make([]int, 0, nodes)
	for _, arrivals := range transactions {
		order = order[:0]
		for v, t := range arrivals {
			if t >= 0 {
				order = append(order, v)
			}
		}
		slices.SortFunc(order, func(a, b int) int { return int(arrivals[a] - arrivals[b]) })
		for from, to := 0, 0; from < len(order); from = to {
			for to < len(order) && arrivals[order[to]] == arrivals[order[from]] {
				to++
			}
			for _, v := range order[from:to] {
				sums[v] += float64(from+to-1) / 2 / float64(max(1, nodes-1))
				heard[v]++
			}
		}
	}
	for v := range sums {
		sums[v] /= float64(heard[v]) // 0/0: not a number
	}
	return sums
}

// Jain is Jain's index (Jain, Chiu & Hawe 1984): (Σx)² / nΣx². It is 1 if all have as much
// and 1/n if one has all.
func Jain(values []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, x := range values {
		sum += x
		squares += x * x
	}
	return sum * sum / (float64(len(values)) * squares)
}

// Gini is the Gini coefficient: half of the mean difference between two values, over the
// mean. It is 0 if all have as much and 1−1/n if one has all.
func Gini(values []float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	n, sum, weighed := float64(len(sorted)), 0.0, 0.0
	for i, x := range sorted {
		sum += x
		weighed += (2*float64(i+1) - n - 1) * x
	}
	return weighed / (n * sum)
}

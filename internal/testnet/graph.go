package testnet

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	// typical is the median one-way delay of a link, and spread the σ of its logarithm.
	// Source: the reference model of the simulator; Moedinger et al. 2020 for the shape.
	typical = 50 * time.Millisecond
	spread  = 0.6
)

// Lognormal is the delay of a link between two hosts, by their numbers: drawn from a
// log-normal distribution, the same in both directions and for ever.
func Lognormal(from, to int) time.Duration {
	a, b := min(from, to), max(from, to)
	rng := rand.New(rand.NewPCG(uint64(a), uint64(b))) // places in a list
	return time.Duration(float64(typical) * math.Exp(spread*rng.NormFloat64()))
}

// Graph draws for each node the others that it dials: so many, or fewer where there are
// not enough. No two dial each other.
func Graph(rng *rand.Rand, nodes, outbound int) [][]int {
	linked := make(map[[2]int]bool)
	graph := make([][]int, nodes)
	for i := range graph {
		for _, j := range rng.Perm(nodes) {
			if pair := [2]int{min(i, j), max(i, j)}; i != j && len(graph[i]) < outbound && !linked[pair] {
				linked[pair] = true
				graph[i] = append(graph[i], j)
			}
		}
	}
	return graph
}

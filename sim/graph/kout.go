package graph

import "math/rand/v2"

// KOut returns a graph in which each of n nodes dialled k distinct others, uniform:
// a peer-to-peer network. The quasi-regular anonymity graph of Dandelion++ is one too.
func KOut(n, k int, rng *rand.Rand) (*Graph, error) {
	if err := checkNodes(n, 2); err != nil {
		return nil, err
	}
	if err := checkDegree("k", k, n); err != nil {
		return nil, err
	}
	from, to := make([]int32, 0, n*k), make([]int32, 0, n*k)
	chosenBy := make([]int, n) // the last to choose a node, plus 1
	for v := range n {
		chosenBy[v] = v + 1
		// Floyd's sampling: k numbers below n−1, which skip v.
		for most := n - 1 - k; most < n-1; most++ {
			u := skip(rng.IntN(most+1), v)
			if chosenBy[u] == v+1 {
				u = skip(most, v)
			}
			chosenBy[u] = v + 1
			from, to = append(from, int32(v)), append(to, int32(u)) // below MaxNodes
		}
	}
	return build(n, from, to), nil
}

// skip numbers the nodes other than v.
func skip(i, v int) int {
	if i >= v {
		return i + 1
	}
	return i
}

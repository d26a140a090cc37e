package graph

import "fmt"

// Tree returns the smallest d-regular tree with n nodes at least: a root, node 0, and
// inner nodes that have d links; leaves have one, and all are equally deep. Nodes are
// numbered from the root, level by level. Parents have dialled their children.
func Tree(n, d int) (*Graph, error) {
	if err := checkNodes(n, 1); err != nil {
		return nil, err
	}
	if err := checkBranches(d); err != nil {
		return nil, err
	}
	depth := 0
	for size, level := 1, d; size < n; depth++ {
		size, level = size+level, level*(d-1)
	}
	return TreeOfDepth(depth, d)
}

// TreeOfDepth returns the d-regular tree whose leaves are so many links from its root.
func TreeOfDepth(depth, d int) (*Graph, error) {
	if err := checkBranches(d); err != nil {
		return nil, err
	}
	n := treeNodes(d, depth)
	if depth < 0 || n > MaxNodes {
		return nil, fmt.Errorf("%w: a tree of depth = %d with d = %d: allowed is 0 to what has %d nodes", ErrNodes, depth, d, MaxNodes)
	}
	from, to := make([]int32, 0, n-1), make([]int32, 0, n-1)
	for v, child := 0, 1; child < n; v++ {
		children := d - 1
		if v == 0 {
			children = d
		}
		for range children {
			from, to = append(from, int32(v)), append(to, int32(child)) // below MaxNodes
			child++
		}
	}
	return build(n, from, to), nil
}

// treeNodes counts the nodes, or says more than MaxNodes.
func treeNodes(d, depth int) int {
	n, level := 1, d
	for range depth {
		n += level
		if n > MaxNodes {
			return n
		}
		level *= d - 1
	}
	return n
}

func checkBranches(d int) error {
	if d < 2 || d > MaxNodes {
		return fmt.Errorf("%w: d = %d: allowed is 2 to %d in a tree", ErrDegree, d, MaxNodes)
	}
	return nil
}

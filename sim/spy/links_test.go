package spy

import (
	"testing"

	"github.com/pappus-network/pappus/sim/graph"
)

// must returns a graph that can be.
func must(t *testing.T) func(*graph.Graph, error) *graph.Graph {
	return func(g *graph.Graph, err error) *graph.Graph {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
}

func tree(t *testing.T, g *graph.Graph) *Tree {
	t.Helper()
	tree, err := NewTree(g)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

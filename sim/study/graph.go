package study

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/pappus-network/pappus/sim/graph"
)

// GraphKind is how nodes are linked.
type GraphKind string

// The kinds there are.
const (
	Outbound  GraphKind = "outbound"     // each node dials degree others
	Regular   GraphKind = "regular"      // random, every node has degree links
	Cycles    GraphKind = "cycles"       // degree random directed Hamiltonian cycles: each node dials degree others and is dialled by as many
	Line      GraphKind = "line"         // one directed cycle
	Tree      GraphKind = "tree"         // every inner node has degree links
	Bitcoin15 GraphKind = "bitcoin-2015" // the snapshot of 2015
	Edges     GraphKind = "edges"        // a file, two numbers a line
)

// Graph says how to make one. Random kinds make another for each replica.
type Graph struct {
	Kind   GraphKind
	Nodes  int
	Degree int
	Places bool // nodes have places on a map
	File   string
}

func graphKeys() []Key {
	return []Key{
		choice("graph.kind", []GraphKind{Outbound, Regular, Cycles, Line, Tree, Bitcoin15, Edges}, func(s *Settings) *GraphKind { return &s.Graph.Kind }),
		whole("graph.nodes", 2, maxNodes, func(s *Settings) *int { return &s.Graph.Nodes }),
		whole("graph.degree", 1, maxNodes, func(s *Settings) *int { return &s.Graph.Degree }),
		flag("graph.places", func(s *Settings) *bool { return &s.Graph.Places }),
		text("graph.file", "the path of a file, from the scenario's folder", func(s *Settings) *string { return &s.Graph.File }),
	}
}

// validate reports a graph that cannot be.
func (g Graph) validate() *misfit {
	switch g.Kind {
	case Outbound, Regular, Cycles:
		if g.Degree >= g.Nodes {
			return &misfit{"graph.degree", fmt.Sprintf("graph.degree = %d with graph.nodes = %d: allowed is 1 to %d, as a node has no more neighbours", g.Degree, g.Nodes, g.Nodes-1)}
		}
		if g.Kind == Regular && g.Nodes*g.Degree%2 != 0 {
			return &misfit{"graph.degree", fmt.Sprintf("graph.degree = %d with graph.nodes = %d: their product is allowed to be even only, as each link has two ends", g.Degree, g.Nodes)}
		}
	case Tree:
		if g.Degree < 2 {
			return &misfit{"graph.degree", fmt.Sprintf("graph.degree = %d: allowed is 2 or more for a tree", g.Degree)}
		}
	case Edges:
		if g.File == "" {
			return &misfit{"graph.file", `graph.file is missing, as graph.kind is "edges"`}
		}
	case Line, Bitcoin15:
	}
	return nil
}

// make makes the graph; files are looked for in a folder.
func (g Graph) make(dir string, rng *rand.Rand) (*graph.Graph, error) {
	made, err := g.links(dir, rng)
	if err != nil || !g.Places {
		return made, err
	}
	places, err := graph.Scatter(made.Len(), graph.Earth(), rng)
	if err != nil {
		return nil, err
	}
	return made.Placed(places)
}

func (g Graph) links(dir string, rng *rand.Rand) (*graph.Graph, error) {
	switch g.Kind {
	case Regular:
		return graph.Regular(g.Nodes, g.Degree, rng)
	case Cycles:
		return graph.Cycles(g.Nodes, g.Degree, rng)
	case Line:
		return graph.Line(g.Nodes, rng)
	case Tree:
		return graph.Tree(g.Nodes, g.Degree)
	case Bitcoin15:
		return graph.Bitcoin2015()
	case Edges:
		return readEdges(filepath.Join(dir, g.File))
	case Outbound:
	}
	return graph.KOut(g.Nodes, g.Degree, rng)
}

func readEdges(path string) (*graph.Graph, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read edge list: %w", err)
	}
	edges, err := graph.Read(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return edges.Graph, nil
}

package graph

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed" // the snapshot
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ErrEdges is an edge list that is none. What wraps it names the line.
var ErrEdges = errors.New("graph: bad edge list")

const (
	// maxName is the most bytes of a node's name: an onion address with its port
	// has 68.
	maxName = 256
	// maxLine is the most bytes of a line. Longer ones are not an edge list.
	maxLine = 4096
	// maxLinks bounds what a file may make us hold: 320 MB while it is read.
	maxLinks = 40_000_000
)

// Edges are what an edge list has said.
type Edges struct {
	Graph *Graph
	// Names are the nodes' names, by node: shorter ones first, and equally long
	// ones by their bytes, so that numbers ascend.
	Names []string
	// Loops are the lines that linked a node to itself, Repeats those that
	// linked two nodes again, whichever way. Neither makes a link.
	Loops, Repeats int
}

// Read reads an edge list: a line for each link, with the names of two nodes between
// blanks. The first has dialled the second, if the file knows; whoever does not asks for
// neighbours. Empty lines and those that begin with # say nothing.
func Read(r io.Reader) (*Edges, error) {
	names := map[string]int32{}
	var from, to []int32
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	line := 0
	for lines.Scan() {
		line++
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || fields[0][0] == '#' {
			continue
		}
		if err := checkLine(fields); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrEdges, line, err)
		}
		if len(from) == maxLinks {
			return nil, fmt.Errorf("%w: line %d: more than %d links", ErrEdges, line, maxLinks)
		}
		from, to = append(from, number(names, fields[0])), append(to, number(names, fields[1]))
		if len(names) > MaxNodes {
			return nil, fmt.Errorf("%w: line %d: more than %d nodes", ErrEdges, line, MaxNodes)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: line %d: %w", ErrEdges, line+1, err)
	}
	if len(from) == 0 {
		return nil, fmt.Errorf("%w: no link in %d lines: a line is the names of two nodes", ErrEdges, line)
	}
	return assemble(names, from, to), nil
}

func checkLine(fields []string) error {
	if len(fields) != 2 {
		return fmt.Errorf("%d names: a line is the names of two nodes", len(fields))
	}
	for _, f := range fields {
		if len(f) > maxName {
			return fmt.Errorf("a name of %d bytes: at most %d", len(f), maxName)
		}
	}
	return nil
}

// number returns the number of a name, in the order in which they come.
func number(names map[string]int32, name string) int32 {
	v, ok := names[name]
	if !ok {
		v = int32(len(names)) // at most MaxNodes
		names[name] = v
	}
	return v
}

// assemble puts names in order and makes the graph.
func assemble(names map[string]int32, from, to []int32) *Edges {
	e := &Edges{Names: make([]string, 0, len(names))}
	for name := range names {
		e.Names = append(e.Names, name)
	}
	slices.SortFunc(e.Names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	place := make([]int32, len(names))
	for v, name := range e.Names {
		place[names[name]] = int32(v) // at most MaxNodes
	}
	here := make(map[uint64]struct{}, len(from))
	kept := 0
	for i := range from {
		u, v := place[from[i]], place[to[i]]
		key, ok := linkOf(u, v)
		_, twice := here[key]
		switch {
		case !ok:
			e.Loops++
		case twice:
			e.Repeats++
		default:
			here[key] = struct{}{}
			from[kept], to[kept] = u, v
			kept++
		}
	}
	e.Graph = build(len(names), from[:kept], to[:kept])
	return e
}

//go:embed bitcoin-2015.edges.gz
var bitcoin2015 []byte

// Bitcoin2015 returns the snapshot of the Bitcoin network that Fanti & Viswanath used
// ("Anonymity Properties of the Bitcoin P2P Network", NIPS 2017): 4,654 nodes, 18,467
// links, 7.94 neighbours on average, 2,490 at most; 4,650 nodes hang together, and two
// pairs are apart. Who dialled is not known. Source: data/bitcoin.gexf of the authors'
// repository bitcoin-trickle-diffusion, ab8d552.
func Bitcoin2015() (*Graph, error) {
	text, err := gzip.NewReader(bytes.NewReader(bitcoin2015))
	if err != nil {
		return nil, fmt.Errorf("open the snapshot of 2015: %w", err)
	}
	e, err := Read(text)
	if err != nil {
		return nil, fmt.Errorf("read the snapshot of 2015: %w", err)
	}
	return e.Graph, nil
}

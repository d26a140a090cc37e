package graph

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestReadNamesNodesInOrder(t *testing.T) {
	e, err := Read(strings.NewReader("# a crawl\n10 9\n\n9\t2 \r\n2 9\nonion.example 10\n2 2\n10 9\n"))
	if err != nil {
		t.Fatal(err)
	}
	check(t, e.Graph)
	if want := []string{"2", "9", "10", "onion.example"}; !slices.Equal(e.Names, want) {
		t.Errorf("names %v, want %v", e.Names, want)
	}
	if e.Loops != 1 || e.Repeats != 2 || e.Graph.Edges() != 3 {
		t.Errorf("%d loops, %d repeats, %d links", e.Loops, e.Repeats, e.Graph.Edges())
	}
	if !e.Graph.Dialled(1, 0) || !e.Graph.Dialled(2, 1) || !e.Graph.Dialled(3, 2) {
		t.Error("9 → 2, 10 → 9 and onion.example → 10")
	}
}

func TestReadSaysWhichLine(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"nothing", "", "no link in 0 lines"},
		{"comments", "# a\n\n", "no link in 2 lines"},
		{"one name", "1 2\n3\n", "line 2: 1 names"},
		{"a weight", "1 2\n\n2 3 0.5\n", "line 3: 3 names"},
		{"a long name", "1 " + strings.Repeat("x", maxName+1), "line 1: a name of 257 bytes"},
		{"no edge list", "1 2\n" + strings.Repeat("x", maxLine+1), "line 2: bufio.Scanner: token too long"},
	} {
		if _, err := Read(strings.NewReader(c.text)); !errors.Is(err, ErrEdges) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
}

// TestBitcoin2015 are the figures that Fanti & Viswanath give of their snapshot.
func TestBitcoin2015(t *testing.T) {
	g, err := Bitcoin2015()
	if err != nil {
		t.Fatal(err)
	}
	check(t, g)
	d := g.Degrees()
	if g.Len() != 4654 || g.Edges() != 18467 || d.Median != 5 || d.Most != 2490 || fmt.Sprintf("%.2f", d.Mean) != "7.94" {
		t.Errorf("%d nodes, %d links, %+v", g.Len(), g.Edges(), d)
	}
	component, count := g.Components()
	sizes := make([]int, count)
	for _, c := range component {
		sizes[c]++
	}
	if !slices.Equal(sizes, []int{4650, 2, 2}) {
		t.Errorf("components of %v nodes", sizes)
	}
	if !slices.Equal(g.Out(0), []int32{1119, 1357, 3653}) {
		t.Errorf("node 0 is linked to %v", g.Out(0))
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("1 2\n# x\n2 3\n3 3\n2 1\n"))
	f.Add([]byte("a b c\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		check(t, e.Graph)
		if len(e.Names) != e.Graph.Len() {
			t.Fatalf("%d names of %d nodes", len(e.Names), e.Graph.Len())
		}
		var again bytes.Buffer
		for v := range e.Graph.Len() {
			fmt.Fprintf(&again, "%s %s\n", e.Names[v], e.Names[v]) // a node without links is named, too
			for _, u := range e.Graph.Out(v) {
				fmt.Fprintln(&again, e.Names[v], e.Names[u])
			}
		}
		same, err := Read(&again)
		if err != nil {
			if len(e.Names) > 0 && e.Names[0][0] == '#' {
				return
			}
			t.Fatal(err)
		}
		if same.Graph.Edges() != e.Graph.Edges() && !slices.ContainsFunc(e.Names, func(n string) bool { return n[0] == '#' }) {
			t.Fatalf("%d links read, %d again", e.Graph.Edges(), same.Graph.Edges())
		}
	})
}

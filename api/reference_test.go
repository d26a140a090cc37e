package api

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the methods in docs/api.md")

const (
	referenceDoc   = "../docs/api.md"
	referenceBegin = "<!-- made by `make docs` from the table in package api -->\n"
	referenceEnd   = "<!-- end -->\n"
)

// reference is the generated part of the documentation.
func reference() string {
	var b strings.Builder
	group := ""
	for _, m := range Reference() {
		if m.Group != group {
			group = m.Group
			fmt.Fprintf(&b, "\n### %s\n\n", group)
		}
		fmt.Fprintf(&b, "**`%s`** %s\n\n", m.Usage, m.Summary)
	}
	b.WriteString("### What is not here\n\nAsked for, these answer −32601 with the reason.\n\n| methods | why, and what to do instead |\n|---|---|\n")
	why := make(map[string][]string)
	for name, hint := range Absent() {
		why[hint] = append(why[hint], name)
	}
	hints := slices.SortedFunc(maps.Keys(why), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(why[b]), len(why[a])), cmp.Compare(a, b))
	})
	for _, hint := range hints {
		slices.Sort(why[hint])
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.Join(why[hint], "`, `"), hint)
	}
	return b.String()
}

// The documentation names every method as the code has it. `make docs` writes it.
func TestReferenceIsCurrent(t *testing.T) {
	text, err := os.ReadFile(referenceDoc)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := bytes.Cut(text, []byte(referenceBegin))
	_, tail, ended := bytes.Cut(rest, []byte(referenceEnd))
	if !found || !ended {
		t.Fatal("docs/api.md lacks the lines between which the methods stand")
	}
	want := slices.Concat(head, []byte(referenceBegin+reference()+referenceEnd), tail)
	if *update {
		if err := os.WriteFile(referenceDoc, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(text, want) {
		t.Error("docs/api.md is not current: run make docs")
	}
}

package study

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// quick are the scenarios of go test -short: one for each of the routers' rules.
var quick = []string{"black-holes", "dandelion-plus-plus", "default", "line"}

// TestReadyScenariosHold runs the short form of each, with its fixed seed, and holds
// it against the bounds that the scenario states, each with where it comes from. That
// it fails when a router's rule changes was tried: with routing per edge and per
// transaction exchanged dandelion-plus-plus and dandelion-plus-plus-1000 fail, with
// embargoes of one length black-holes.
func TestReadyScenariosHold(t *testing.T) {
	for _, name := range Ready() {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && !slices.Contains(quick, name) {
				t.Skip("too slow for -short")
			}
			s, err := Load(name, true)
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Expected) == 0 {
				t.Error("it bounds nothing")
			}
			j := NewJournal(s)
			if err := j.Sweep(t.Context(), runtime.GOMAXPROCS(0), func(Run) {}); err != nil {
				t.Fatal(err)
			}
			for _, broken := range j.Outside() {
				t.Error(broken)
			}
		})
	}
}

// TestReadyScenariosAreWhole: whoever reads the list finds them by their name, and what
// is said to be published is so somewhere.
func TestReadyScenariosAreWhole(t *testing.T) {
	for _, name := range Ready() {
		s, err := Load(name, false)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Name != name {
			t.Errorf("%s calls itself %s", name, s.Name)
		}
		if s.Seeds < 2 && !s.Long {
			t.Errorf("%s runs on one graph: there is no interval", name)
		}
		if s.Description == "" || len(s.Published) > 0 && s.Source == "" {
			t.Errorf("%s says too little of itself", name)
		}
		if i := slices.IndexFunc(s.Published, func(p Published) bool { return p.Source == "" }); i >= 0 {
			t.Errorf("%s: %v is published nowhere", name, s.Published[i])
		}
	}
}

// TestDocumentedScenario: the example that docs/measuring.md shows can be run.
func TestDocumentedScenario(t *testing.T) {
	text, err := os.ReadFile("../../docs/measuring.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```toml\n")
	example, _, _ = strings.Cut(example, "```")
	for _, short := range []bool{false, true} {
		s, err := Decode("docs/measuring.md", example, short)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{false: 6, true: 2}[short]; len(s.Points) != want {
			t.Errorf("%d points, want %d", len(s.Points), want)
		}
	}
	for _, m := range Metrics() {
		if !strings.Contains(string(text), "`"+m.Name+"`") {
			t.Errorf("docs/measuring.md does not say what %s is", m.Name)
		}
	}
}

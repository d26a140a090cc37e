package study

import (
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/score"
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
			checkBounds(t, &j.Results)
		})
	}
}

// checkBounds holds what spies have found out against what every protocol lets them:
// an interval that ends below it is a fault of the simulator or of an estimator.
func checkBounds(t *testing.T, r *Results) {
	t.Helper()
	for _, row := range r.Rows() {
		set := row.Point.Settings
		if set.Sim.Adversary.Kind != sim.Spies || set.Sim.Load.Source != sim.Each || set.Attack.Messages > 1 {
			continue
		}
		n := float64(set.Graph.Nodes)
		precision, recall := score.LowerBounds(math.Floor(set.Sim.Adversary.Share*n+1e-9) / n)
		least := map[string]float64{"precision": precision, "recall": recall}[row.Metric.Name]
		if row.Ours.High < least {
			t.Errorf("%s at %s is %s at most, below %v, which no protocol is", row.Metric.Name, r.Scenario.Label(row.Point), Number(row.Ours.High), least)
		}
	}
}

// TestExactValues: what scenarios take from formulas is what the papers and our own sums
// have, to as many digits.
func TestExactValues(t *testing.T) {
	for _, c := range []struct {
		scenario, metric string
		at               map[string]any
		want             float64
	}{
		{"line", "precision", map[string]any{"adversary.p": 0.1}, .02558},
		{"line", "precision", map[string]any{"adversary.p": 0.5}, .34657},
		{"line", "recall", map[string]any{"adversary.p": 0.02}, .02},
		{"trees", "recall", map[string]any{"graph.degree": int64(3)}, .5},
		{"trees", "recall", map[string]any{"graph.degree": int64(4)}, .4330},
		{"trees", "recall", map[string]any{"graph.degree": int64(16)}, .1840},
		{"embargo", "origin_fluffed", map[string]any{"variant": "who handed it over", "adversary.p": 0.2}, .4217},
	} {
		s, err := Load(c.scenario, false)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(s.Published, func(p Published) bool {
			for axis, v := range c.at {
				if !same(p.At[axis], v) {
					return false
				}
			}
			return p.Metric == c.metric
		})
		if i < 0 || math.Abs(s.Published[i].Value-c.want) > .0005 {
			t.Errorf("%s, %v, %s: %v, want %v", c.scenario, c.at, c.metric, s.Published, c.want)
		}
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
	for _, f := range Formulas() {
		if !strings.Contains(string(text), "`"+f.Name+"`") {
			t.Errorf("docs/measuring.md does not say what %s is", f.Name)
		}
	}
	for _, m := range Metrics() {
		if !strings.Contains(string(text), "`"+m.Name+"`") {
			t.Errorf("docs/measuring.md does not say what %s is", m.Name)
		}
	}
}

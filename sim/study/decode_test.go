package study

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/sim"
)

// table4 is a scenario with everything in it.
const table4 = `name = "table"
title = "A table"
seed = 7
seeds = 20
metrics = ["precision", "recall"]

[base]
graph = {kind = "cycles", nodes = 100, degree = 2}
dandelion.fluff_chance = 0
adversary.kind = "spies"
load.source = "each"
load.interval = "150ms"

[[variants]]
name = "stem"
set.mechanism = "dandelion"

[[variants]]
name = "flooding"
[variants.set]
mechanism = "flood"
links.median = "1s"

[axes]
dandelion.routing = ["per-tx", "per-edge"]
adversary.p = [0.1, 0.2,
  0.5]

[[published]]
at = {variant = "stem", adversary.p = 0.1}
metric = "precision"
value = 0.025
kind = "derived"
within = 0.01
source = "somebody"

[short]
seeds = 2
base.load.rounds = 2
axes.adversary.p = [0.5]
variants = ["stem"]

[[short.expect]]
at = {dandelion.routing = "per-tx"}
metric = "recall"
low = 0.4
high = 0.6
because = "it is p"
`

func decode(t *testing.T, text string, short bool) *Scenario {
	t.Helper()
	s, err := Decode("table", text, short)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDecodeExpandsInTheOrderOfTheText(t *testing.T) {
	s := decode(t, table4, false)
	if want := []string{"variant", "dandelion.routing", "adversary.p"}; !slices.Equal(s.Axes, want) {
		t.Fatalf("axes %v, want %v", s.Axes, want)
	}
	var got []string
	for _, p := range s.Points {
		got = append(got, strings.Join(p.Labels(), " "))
	}
	want := []string{
		"stem per-tx 0.1", "stem per-tx 0.2", "stem per-tx 0.5", "stem per-edge 0.1", "stem per-edge 0.2", "stem per-edge 0.5",
		"flooding per-tx 0.1", "flooding per-tx 0.2", "flooding per-tx 0.5", "flooding per-edge 0.1", "flooding per-edge 0.2", "flooding per-edge 0.5",
	}
	if !slices.Equal(got, want) {
		t.Errorf("points %q", got)
	}
	last := s.Points[11].Settings
	if last.Sim.Mechanism != sim.Flood || last.Sim.Links.Median != time.Second || last.Sim.Dandelion.Routing != dandelion.PerEdge ||
		last.Sim.Adversary.Share != 0.5 || last.Graph.Kind != Cycles || last.Sim.Load.Interval != 150*time.Millisecond {
		t.Errorf("the last point's settings are %+v", last)
	}
	if first := s.Points[0].Settings; first.Sim.Mechanism != sim.Dandelion || first.Sim.Links.Median == time.Second {
		t.Errorf("the first point's settings are %+v", first)
	}
	if len(s.Published) != 1 || s.Published[0].Within != 0.01 || s.Seeds != 20 || len(s.Expected) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestShortForm(t *testing.T) {
	s := decode(t, table4, true)
	if len(s.Points) != 2 || s.Seeds != 2 || s.Points[0].Settings.Sim.Load.Rounds != 2 || len(s.Expected) != 1 {
		t.Errorf("%d points, %d graphs, %d expectations: %+v", len(s.Points), s.Seeds, len(s.Expected), s.Points[0])
	}
	if s.Version() == decode(t, table4, false).Version() {
		t.Error("the short form has the version of the long one")
	}
}

func TestVersionNamesWhatIsMeasured(t *testing.T) {
	version := decode(t, table4, false).Version()
	for _, c := range []struct {
		name, old, new string
		same           bool
	}{
		{"the title", "A table", "A better table", true},
		{"more graphs", "seeds = 20", "seeds = 40", true},
		{"a published value", "value = 0.025", "value = 0.026", true},
		{"a base setting", "degree = 2", "degree = 3", false},
		{"the seed", "seed = 7", "seed = 8", false},
		{"one value more", "[0.1, 0.2,", "[0.1, 0.2, 0.3,", false},
		{"a default that is spelled out", "[base]", "[base]\nload.bytes = 250", true},
	} {
		got := decode(t, strings.Replace(table4, c.old, c.new, 1), false).Version()
		if (got == version) != c.same {
			t.Errorf("%s: versions %s and %s", c.name, version, got)
		}
	}
}

// TestSeedsDoNotMove: results that are kept stay right when a sweep is extended,
// and for ever. The golden value is this program's own.
func TestSeedsDoNotMove(t *testing.T) {
	s := decode(t, table4, false)
	more := decode(t, strings.Replace(table4, "[0.1, 0.2,", "[0.05, 0.1, 0.2,", 1), false)
	if a, b := s.SeedOf(s.Points[0], 3), more.SeedOf(more.Points[1], 3); a != b {
		t.Errorf("the same point has seeds %d and %d", a, b)
	}
	seen := map[uint64]bool{}
	for _, p := range s.Points {
		for replica := range 50 {
			seen[s.SeedOf(p, replica)] = true
		}
	}
	if len(seen) != 50*len(s.Points) {
		t.Errorf("%d seeds for %d runs", len(seen), 50*len(s.Points))
	}
	if got := s.SeedOf(Point{ID: "0123456789ab"}, 1); got != 8639644712842808995 {
		t.Errorf("seed %d", got)
	}
}

func TestFaultsNameLineKeyAndRange(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		line           int
		says           []string
	}{
		{"syntax", "seed = 7", "seed = = 7", 3, []string{"expected"}},
		{"key twice", "seed = 7", "seed = 7\nseed = 8", 4, []string{"seed"}},
		{"unknown key", "seed = 7", "sed = 7", 3, []string{"unknown key sed", "seeds"}},
		{"no name", `name = "table"`, `name = ""`, 1, []string{"name is missing"}},
		{"seeds of no kind", "seeds = 20", `seeds = "20"`, 4, []string{"seeds", `"20"`, "1 to 10000"}},
		{"no graphs", "seeds = 20", "seeds = 0", 4, []string{"seeds", "1 to 10000"}},
		{"unknown metric", `"recall"]`, `"recal"]`, 5, []string{"recal", "recall", "t50"}},
		{"unknown setting", "dandelion.fluff_chance", "dandelion.fluff_chanse", 9, []string{"dandelion.fluff_chanse", "dandelion.fluff_chance"}},
		{"unknown group", "dandelion.fluff_chance", "dandylion.fluff_chance", 9, []string{"dandylion.fluff_chance", "dandelion"}},
		{"p above 1", "[0.1, 0.2,\n  0.5]", "[0.1, 0.2,\n  1.5]", 26, []string{"adversary.p", "1.5", "0 to 1"}},
		{"p is not a number", "[0.1, 0.2,", "[nan, 0.2,", 26, []string{"adversary.p", "0 to 1"}},
		{"a value that is no list", "adversary.p = [0.1, 0.2,\n  0.5]", "adversary.p = 0.5", 26, []string{"list"}},
		{"an empty list", "adversary.p = [0.1, 0.2,\n  0.5]", "adversary.p = []", 26, []string{"list"}},
		{"no time", `"150ms"`, `150`, 12, []string{"load.interval", "150ms"}},
		{"a time below 0", `"150ms"`, `"-1s"`, 12, []string{"load.interval", "-1s"}},
		{"unknown choice", `"spies"`, `"spys"`, 10, []string{"adversary.kind", `"spies"`, `"supernode"`}},
		{"unknown routing", `"per-edge"]`, `"per-egde"]`, 25, []string{"per-egde", "per-edge"}},
		{"in a variant's set", `links.median = "1s"`, `links.median = "soon"`, 22, []string{"links.median", "soon"}},
		{"in the second variant", "[variants.set]", "[variants.sets]", 20, []string{"unknown key sets"}},
		{"degree that is too high", "nodes = 100", "nodes = 2", 8, []string{"graph.degree", "graph.nodes = 2", "1 to 1"}},
		{"odd n·d", `kind = "cycles", nodes = 100, degree = 2`, `kind = "regular", nodes = 9, degree = 3`, 8, []string{"graph.degree = 3", "even"}},
		{"more points than there may be", "[0.1, 0.2,", "[" + strings.Repeat("0.1,", 4000), 24, []string{"10000 points"}},
		{"equal points", "[0.1, 0.2,", "[0.1, 0.1,", 24, []string{"equal settings"}},
		{"nobody is published at", "adversary.p = 0.1}", "adversary.p = 0.15}", 30, []string{"no such point"}},
		{"published on no axis", "adversary.p = 0.1}", "adversary.q = 0.1}", 30, []string{"adversary.q", "adversary.p"}},
		{"published of another metric", "metric = \"precision\"\nvalue", "metric = \"t50\"\nvalue", 31, []string{"t50", "precision, recall"}},
		{"published of no kind", `kind = "derived"`, `kind = "guessed"`, 33, []string{"guessed", "derived"}},
		{"published that is no number", "value = 0.025", `value = "much"`, 32, []string{"value", "much"}},
		{"unknown formula", "value = 0.025", `formula = "lines"`, 32, []string{`"lines"`, "line-precision", "tree-first-timestamp"}},
		{"formula and value", "value = 0.025", "value = 0.025\nformula = \"share\"", 32, []string{"value = 0.025", `"share"`, "one of the two"}},
		{"formula without a value", "value = 0.025", `formula = "tree-centrality"`, 32, []string{"no value at stem, per-tx, 0.1", "3 and above"}},
		{"black hole that relays", `load.source = "each"`, "load.source = \"each\"\nestimator.method = \"black-hole\"", 12, []string{"adversary.silent = true", "adversary.p above 0"}},
		{"fingerprints of nothing", `load.source = "each"`, "load.source = \"each\"\nestimator.method = \"fingerprints\"", 12, []string{"estimator.learn = 0", "1 and above"}},
		{"stems lost to a supernode", `"spies"`, "\"supernode\"\nadversary.theta = 1\nestimator.lost = \"ignored\"", 12, []string{`estimator.lost = "ignored"`, "spies only"}},
		{"short axis that is none", "axes.adversary.p = [0.5]", "axes.graph.nodes = [5]", 40, []string{"graph.nodes is no axis"}},
		{"short variant that is none", `variants = ["stem"]`, `variants = ["steam"]`, 41, []string{"steam"}},
		{"expectation upside down", "high = 0.6", "high = 0.3", 47, []string{"high = 0.3", "low = 0.4"}},
		{"expectation without reason", `because = "it is p"`, "", 43, []string{"because is missing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(table4, c.old) != 1 {
				t.Fatalf("%q is not there once", c.old)
			}
			text := strings.Replace(table4, c.old, c.new, 1)
			short := strings.Contains(c.name, "short") || strings.Contains(c.name, "expectation")
			_, err := Decode("table.toml", text, short)
			if err == nil {
				t.Fatal("no error")
			}
			if want := fmt.Sprintf("table.toml:%d: ", c.line); !strings.HasPrefix(err.Error(), want) {
				t.Errorf("want %s…, got %v", want, err)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in: %v", want, err)
				}
			}
		})
	}
}

// notKeys are the fields of the engine's configuration that are no settings: the
// study sets the seed, replay what is watched; the rest bound queues that no
// scenario fills.
var notKeys = []string{
	"seed", "watch", "flooding.flood", "flooding.outbound", "flooding.inbound", "flooding.max_queue", "flooding.max_batch", "flooding.remembered",
	"diffusion.flood", "diffusion.delay", "diffusion.max_queue", "diffusion.max_batch", "diffusion.remembered", "ask.remembered",
}

// TestEverySettingOfTheEngineHasAKey fails when the engine learns something that
// scenarios cannot say.
func TestEverySettingOfTheEngineHasAKey(t *testing.T) {
	known := map[string]bool{}
	for _, k := range Keys() {
		if known[k.Name] {
			t.Errorf("%s is there twice", k.Name)
		}
		known[k.Name] = true
	}
	for _, name := range notKeys {
		known[name] = true
	}
	for _, path := range fields("", reflect.TypeFor[sim.Config]()) {
		if path == "adversary.share" {
			path = "adversary.p" // the papers' name
		}
		if !known[path] {
			t.Errorf("%s is a field of sim.Config, and neither a key nor named as none", path)
		}
	}
}

func fields(path string, t reflect.Type) []string {
	if t.Kind() != reflect.Struct {
		return []string{path}
	}
	var all []string
	for f := range t.Fields() {
		all = append(all, fields(join(path, snake(f.Name)), f.Type)...)
	}
	return all
}

// snake writes FluffChance as fluff_chance.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func FuzzDecode(f *testing.F) {
	f.Add(table4, false)
	f.Add(table4, true)
	for _, name := range Ready() {
		s, err := Load(name, false)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(s.Text, true)
	}
	f.Add("a = [[[", false)
	f.Add("[[x]]\n[[x.y]]\nz = 1\n[x.y.w]\n", false)
	f.Fuzz(func(t *testing.T, text string, short bool) {
		s, err := Decode("f", text, short)
		if err != nil {
			// Every error says where.
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again := decode(t, s.Text, short)
		if s.Version() != again.Version() || len(s.Points) == 0 || s.Seeds < 1 {
			t.Fatalf("%q is read as %d points, %s and %s", text, len(s.Points), s.Version(), again.Version())
		}
		for _, p := range s.Points {
			if err := p.Settings.Sim.Validate(); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}

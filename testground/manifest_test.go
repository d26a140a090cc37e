package testground_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pappus-network/pappus/testground"
)

func read(t *testing.T) testground.Manifest {
	t.Helper()
	m, err := testground.Read()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDefaultsAreValid(t *testing.T) {
	m := read(t)
	if len(m.Cases) != 5 {
		t.Errorf("%d cases", len(m.Cases))
	}
	for _, c := range m.Cases {
		if _, err := c.Parse(nil); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if err := c.Fits(c.Instances.Default); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		for name, p := range c.Params {
			if p.Desc == "" || !slices.Contains([]string{"int", "float", "duration", "string"}, p.Type) {
				t.Errorf("%s: %s is %+v", c.Name, name, p)
			}
		}
	}
}

// Whatever a parameter of the manifest is set to arrives in [testground.Params]: none
// is declared and not read.
func TestEveryParameterIsRead(t *testing.T) {
	other := map[string]string{"mechanism": "flood", "fluff": "diffusion", "binary": "/x", "jitter": "0s"}
	for _, c := range read(t).Cases {
		plain, err := c.Parse(nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, p := range c.Params {
			given := map[string]string{}
			switch {
			case other[name] != "":
				given[name] = other[name]
			case p.Type == "duration":
				given[name] = "77s"
			case p.Type == "float":
				given[name] = "0.77"
			default:
				given[name] = "77"
			}
			if name == "jitter" {
				given = map[string]string{"jitter": "5ms", "latency": "5ms"}
			}
			got, err := c.Parse(given)
			if err != nil || got == plain {
				t.Errorf("%s: %v changes nothing (%v)", c.Name, given, err)
			}
		}
	}
}

func TestParseReadsUnits(t *testing.T) {
	c, err := read(t).Case("broadcast")
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Parse(map[string]string{"latency": "50ms", "loss": "2.5", "mechanism": "diffusion", "txs": "3"})
	if err != nil || p.Latency != 50*time.Millisecond || p.Loss != 2.5 || p.Mechanism != "diffusion" || p.Txs != 3 || p.Fluff != "gossip" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestRefusals(t *testing.T) {
	m := read(t)
	if _, err := m.Case("broadcats"); !errors.Is(err, testground.ErrNoCase) || !strings.Contains(err.Error(), "broadcast") {
		t.Errorf("%v", err)
	}
	c, err := m.Case("broadcast")
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"mecanism=flood":       "mechanism",
		"mechanism=floods":     "flood, diffusion, gossip and dandelion",
		"fluff=flood":          "gossip and diffusion",
		"txs=many":             "whole number",
		"txs=-1":               "negative",
		"patience=5":           "250ms",
		"patience=0s":          "at once",
		"loss=101":             "percentage",
		"jitter=1ms":           "exceed latency",
		"degree=0":             "link",
		"binary=/a|b":          "cannot have",
		"blocks=5":             "broadcast has", // another case's
		"loss=NaN&latency=1ms": "write it as",
	} {
		values := map[string]string{}
		for kv := range strings.SplitSeq(given, "&") {
			name, value, _ := strings.Cut(kv, "=")
			values[name] = value
		}
		_, err := c.Parse(values)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something with %q", given, err, want)
		}
	}
	for _, n := range []int{c.Instances.Min - 1, c.Instances.Max + 1} {
		if err := c.Fits(n); !errors.Is(err, testground.ErrInstances) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// The documentation has a row for each parameter, with its default, and no others.
func TestDocumentationMatches(t *testing.T) {
	text, err := os.ReadFile("../docs/testground.md")
	if err != nil {
		t.Fatal(err)
	}
	m := read(t)
	rows := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| `") && strings.Count(line, "|") == 5 {
			rows[strings.TrimSpace(line)] = true
		}
	}
	expect := func(where string, params map[string]testground.Param) {
		for _, name := range slices.Sorted(maps.Keys(params)) {
			p := params[name]
			unit := ""
			if p.Unit != "" {
				unit = " (" + p.Unit + ")"
			}
			row := fmt.Sprintf("| `%s` | %s | `%v` | %s%s |", name, where, p.Default, p.Desc, unit)
			if p.Default == "" {
				row = strings.Replace(row, "``", "", 1)
				row = strings.Replace(row, "|  |", "| |", 1)
			}
			if !rows[row] {
				t.Errorf("docs/testground.md lacks the row\n%s", row)
			}
			delete(rows, row)
		}
	}
	for _, c := range m.Cases {
		own := maps.Clone(c.Params)
		maps.DeleteFunc(own, func(name string, _ testground.Param) bool { _, all := m.Every.Params[name]; return all })
		expect(c.Name, own)
	}
	expect("all", m.Every.Params)
	for row := range rows {
		t.Errorf("docs/testground.md has a row too many:\n%s", row)
	}
}

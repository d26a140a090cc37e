package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pappus-network/pappus/sim/study"
)

// tinyScenario is a file with a scenario of four quick runs.
func tinyScenario(t *testing.T, change ...string) string {
	t.Helper()
	text := strings.NewReplacer(change...).Replace(`name = "tiny"
title = "Tiny"
seeds = 2
metrics = ["t50"]
base.graph.nodes = 30
base.load.count = 3
axes.mechanism = ["flood", "gossip"]

[[short.expect]]
metric = "t50"
low = 0.01
high = 60
because = "it takes a while"
`)
	path := filepath.Join(t.TempDir(), "tiny.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSimRunReportReplay(t *testing.T) {
	file, dir := tinyScenario(t), t.TempDir()
	results := filepath.Join(dir, "r.jsonl")
	first := call(t, nil, "sim", "run", file, "-o", results, "-j", "1")
	if first.code != exitDone || !strings.Contains(first.out, "95 % interval") || strings.Count(first.out, "\n") != 3 {
		t.Fatalf("%+v", first)
	}
	if again := call(t, nil, "sim", "run", file, "-o", results); again.out != first.out || !strings.Contains(again.err, "4 runs of 4 are in") {
		t.Errorf("a sweep that is done: %+v", again)
	}
	if none := call(t, nil, "sim", "run", file, "-o", "-"); none.out != first.out {
		t.Errorf("without a file: %+v", none)
	}
	var rows struct {
		Rows []struct {
			At     map[string]string
			Metric string
			Ours   float64
			Half   float64 `json:"half_interval"`
			Graphs int
		}
	}
	more := call(t, nil, "sim", "run", file, "-o", results, "--graphs", "3", "--json")
	if err := json.Unmarshal([]byte(more.out), &rows); err != nil || len(rows.Rows) != 2 || rows.Rows[1].At["mechanism"] != "gossip" || rows.Rows[1].Graphs != 3 || rows.Rows[1].Half <= 0 {
		t.Errorf("%+v, %v", more, err)
	}

	report := filepath.Join(dir, "report")
	if got := call(t, nil, "sim", "report", results, "-o", report); got.code != exitDone || !strings.Contains(got.out, "index.html") {
		t.Errorf("%+v", got)
	}
	if page, err := os.ReadFile(filepath.Join(report, "index.html")); err != nil || !strings.Contains(string(page), "<svg") {
		t.Errorf("%v", err)
	}

	kept, err := study.ReadResults(results)
	if err != nil {
		t.Fatal(err)
	}
	var replayed replayed
	seed := jsonNumber(kept.Runs[1].Seed)
	got := call(t, nil, "sim", "replay", file, seed, "--tx", "2", "--json")
	if err := json.Unmarshal([]byte(got.out), &replayed); err != nil || replayed.Point != kept.Runs[1].Point || replayed.Trace != kept.Runs[1].Trace || len(replayed.Steps) < 30 {
		t.Errorf("%+v, %v", got, err)
	}
	if got := call(t, nil, "sim", "replay", file, seed, "--tx", "2"); got.code != exitDone || !strings.Contains(got.out, "submit") {
		t.Errorf("%+v", got)
	}
}

func jsonNumber(n uint64) string {
	text, _ := json.Marshal(n) // a number
	return string(text)
}

func TestSimFails(t *testing.T) {
	file := tinyScenario(t)
	other := filepath.Join(t.TempDir(), "other.jsonl")
	if got := call(t, nil, "sim", "run", tinyScenario(t, "count = 3", "count = 4"), "-o", other); got.code != exitDone {
		t.Fatal(got.err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"no such scenario", []string{"sim", "run", "nowhere"}, exitUsage, []string{"nowhere", "sim list"}},
		{"bad scenario", []string{"sim", "run", tinyScenario(t, "nodes = 30", "nodes = 1")}, exitUsage, []string{"tiny.toml:5:", "graph.nodes = 1", "2 to"}},
		{"jobs below 0", []string{"sim", "run", file, "--jobs=-1"}, exitUsage, []string{"jobs"}},
		{"results of another version", []string{"sim", "run", file, "-o", other}, exitFailed, []string{other, "another version", "--out"}},
		{"no results", []string{"sim", "report", "nowhere.jsonl"}, exitFailed, []string{"nowhere.jsonl"}},
		{"no such point", []string{"sim", "replay", file, "1", "--point", "x"}, exitUsage, []string{"point x"}},
		{"no such transaction", []string{"sim", "replay", file, "1", "--tx", "3"}, exitFailed, []string{"from 0 to 2"}},
		{"not as expected", []string{"sim", "run", "--short", "-o", "-", tinyScenario(t, "high = 60", "high = 0.02")}, exitFailed, []string{"t50 at", "outside", "it takes a while"}},
	} {
		got := call(t, nil, c.args...)
		if got.code != c.code || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: exit code %d, said %q", c.name, got.code, got.err)
		}
		for _, want := range c.says {
			if !strings.Contains(got.err, want) {
				t.Errorf("%s: %q is missing in %q", c.name, want, got.err)
			}
		}
	}
}

func TestSimList(t *testing.T) {
	got := call(t, nil, "sim", "list")
	for _, name := range study.Ready() {
		if !strings.Contains(got.out, "\n"+name+" ") {
			t.Errorf("%s is not in the list", name)
		}
	}
	var list []readyScenario
	if err := json.Unmarshal([]byte(call(t, nil, "sim", "list", "--json").out), &list); err != nil || len(list) != len(study.Ready()) {
		t.Errorf("%v, %v", list, err)
	}
}

package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pappus-network/pappus/sim/study"
)

const scenario = `name = "two"
title = "Two <mechanisms>"
description = "A & B"
source = "nobody"
seeds = 2
metrics = ["t50", "copies"]

[base]
graph.nodes = 30
load.count = 3

[[variants]]
name = "flood <b>"
set.mechanism = "flood"

[[variants]]
name = "gossip"
set.mechanism = "gossip"

[axes]
graph.degree = [4, 8]

[[published]]
at = {variant = "gossip", graph.degree = 8}
metric = "t50"
value = 0.5
kind = "derived"
source = "a guess"
`

// results are those of the scenario, with values that tests know.
func results(t *testing.T) *study.Results {
	t.Helper()
	s, err := study.Decode("two", scenario, false)
	if err != nil {
		t.Fatal(err)
	}
	j := study.NewJournal(s)
	for _, job := range j.Missing() {
		i := slices.IndexFunc(s.Points, func(p study.Point) bool { return p.ID == job.Point.ID })
		run := study.Run{Point: job.Point.ID, Replica: job.Replica, Metrics: map[string]float64{"t50": float64(i) + 0.25*float64(job.Replica), "copies": 2}}
		if err := j.Add(run); err != nil {
			t.Fatal(err)
		}
	}
	return &j.Results
}

func TestTable(t *testing.T) {
	got := Table(results(t))
	want := [][]string{
		{"variant", "degree", "metric", "published", "ours", "95 % interval", "graphs", ""},
		{"flood <b>", "4", "t50, s", "–", "0.1250", "[-1.4633, 1.7133]", "2", ""},
		{"flood <b>", "8", "t50, s", "–", "1.1250", "[-0.4633, 2.7133]", "2", ""},
		{"gossip", "4", "t50, s", "–", "2.1250", "[0.5367, 3.7133]", "2", ""},
		{"gossip", "8", "t50, s", "0.5000 (derived)", "3.1250", "[1.5367, 4.7133]", "2", "differs"},
	}
	for i, row := range want {
		if !slices.Equal(got[i], row) {
			t.Errorf("row %d is %q, want %q", i, got[i], row)
		}
	}
	if len(got) != 9 {
		t.Errorf("%d rows", len(got))
	}
}

// TestSVG: the drawing is well-formed, whatever names hold, and has a mark for each
// value: a dot for ours, a ring for what is published.
func TestSVG(t *testing.T) {
	r := results(t)
	metric, _ := study.FindMetric("t50")
	svg, err := SVG(r, metric)
	if err != nil {
		t.Fatal(err)
	}
	texts := ""
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		if c, ok := token.(xml.CharData); ok {
			texts += string(c) + "\n"
		}
	}
	for _, want := range []string{"flood <b>", "gossip", "published", "degree", "t50, s"} {
		if !strings.Contains(texts, want) {
			t.Errorf("%q is not in the drawing", want)
		}
	}
	without := *r
	without.Scenario = &study.Scenario{}
	*without.Scenario = *r.Scenario
	without.Scenario.Published = nil
	plain, err := SVG(&without, metric)
	if err != nil {
		t.Fatal(err)
	}
	if len(plain) >= len(svg) || strings.Contains(string(plain), "published") {
		t.Error("published values are drawn where there are none")
	}
}

func TestPageNeedsNothingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	path, err := Write(dir, []*study.Results{results(t)})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, want := range []string{"Two &lt;mechanisms&gt;", "A &amp; B", "<svg", "differs", "pappus sim run two", "8 of 8 runs", "prefers-color-scheme: dark"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if from := regexp.MustCompile(`(src|href)="(https?:|//)[^"]*"|@import|url\(`).FindString(page); from != "" {
		t.Errorf("the page fetches %s", from)
	}
	f, err := os.Open(filepath.Join(dir, "two.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 9 || !slices.Equal(rows[4][:7], []string{"two", rows[4][1], "gossip", "8", "t50", "s", "0.5"}) {
		t.Errorf("CSV: %q, %v", rows, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "two-copies.svg")); err != nil {
		t.Error(err)
	}
}

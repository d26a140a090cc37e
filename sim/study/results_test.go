package study

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tiny is a scenario of six runs that take no time.
const tiny = `name = "tiny"
title = "Tiny"
seeds = 3
metrics = ["t50", "copies"]
base.graph.nodes = 30
base.load.count = 3
axes.mechanism = ["flood", "gossip"]
`

// sweep opens a scenario's results, makes what is missing and returns them all.
func sweep(t *testing.T, path string, s *Scenario) (*Results, int) {
	t.Helper()
	j, err := OpenJournal(path, s)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	if err := j.Sweep(t.Context(), 2, func(Run) { made++ }); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := ReadResults(path)
	if err != nil {
		t.Fatal(err)
	}
	return r, made
}

// essence is what a run must have again when it is made again.
func essence(r *Results) []string {
	var out []string
	for _, run := range r.Runs {
		out = append(out, fmt.Sprint(run.Point, run.Replica, run.Seed, run.Trace, run.Metrics["t50"], run.Metrics["copies"]))
	}
	slices.Sort(out)
	return out
}

// TestCutOffSweepGoesOn: wherever a process dies, the runs that it had finished are
// kept and the others made, none twice.
func TestCutOffSweepGoesOn(t *testing.T) {
	s := decode(t, tiny, false)
	path := filepath.Join(t.TempDir(), "sub", "tiny.jsonl")
	whole, made := sweep(t, path, s)
	if made != 6 || len(whole.Runs) != 6 || whole.Note != "" {
		t.Fatalf("%d made, %d kept, %q", made, len(whole.Runs), whole.Note)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := strings.IndexByte(string(text), '\n') + 1
	for cut := 0; cut < len(text); cut += 61 {
		path := filepath.Join(t.TempDir(), "cut.jsonl")
		if err := os.WriteFile(path, text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		kept := max(strings.Count(string(text[:cut]), "\n")-1, 0)
		if cut >= header && !strings.HasSuffix(string(text[:cut]), "\n") {
			r, err := ReadResults(path)
			if err != nil || len(r.Runs) != kept || !strings.Contains(r.Note, "unfinished run") {
				t.Fatalf("cut at %d: %+v, %v", cut, r, err)
			}
		}
		again, made := sweep(t, path, s)
		if made != 6-kept || !slices.Equal(essence(again), essence(whole)) {
			t.Fatalf("cut at %d: %d made, want %d: %v", cut, made, 6-kept, essence(again))
		}
	}
}

func TestSweepIsExtended(t *testing.T) {
	s := decode(t, tiny, false)
	path := filepath.Join(t.TempDir(), "tiny.jsonl")
	first, _ := sweep(t, path, s)
	s.Seeds = 5
	more, made := sweep(t, path, s)
	if made != 4 || len(more.Runs) != 10 {
		t.Errorf("%d made, %d there", made, len(more.Runs))
	}
	if a, b := essence(first), essence(&Results{Runs: more.Runs[:6]}); !slices.Equal(a, b) {
		t.Errorf("the first runs were %v and are %v", a, b)
	}
}

func TestSweepThatIsInterruptedKeepsWhatIsDone(t *testing.T) {
	s := decode(t, tiny, false)
	path := filepath.Join(t.TempDir(), "tiny.jsonl")
	j, err := OpenJournal(path, s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = j.Sweep(ctx, 1, func(Run) {
		if len(j.Runs) == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, made := sweep(t, path, s); made != 4 {
		t.Errorf("%d made after it, want 4", made)
	}
}

func TestResultsThatDoNotFit(t *testing.T) {
	s := decode(t, tiny, false)
	dir := t.TempDir()
	path := filepath.Join(dir, "tiny.jsonl")
	sweep(t, path, s)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	for _, c := range []struct {
		name, text string
		says       []string
	}{
		{"of another scenario", header(t, strings.Replace(tiny, `"tiny"`, `"other"`, 1)), []string{"other", "tiny", "--out"}},
		{"of another version", header(t, strings.Replace(tiny, "count = 3", "count = 4", 1)), []string{"version", "--out"}},
		{"that are none", "{\"a\": 1}\n", []string{":1:", "not a results file"}},
		{"of a later format", strings.Replace(lines[0], `"pappus_sim":1`, `"pappus_sim":2`, 1), []string{":1:", "format 2"}},
		{"with a damaged line", lines[0] + "{\"point\n" + lines[1], []string{":2:", "not a run"}},
		{"with a run twice", lines[0] + lines[1] + lines[2] + lines[1], []string{":4:", "line 2"}},
		{"with a point of another", lines[0] + strings.Replace(lines[1], `"point":"`, `"point":"0`, 1), []string{":2:", "none of scenario tiny"}},
		{"read in another way by this program", strings.Replace(lines[0], `"version":"`, `"version":"0`, 1), []string{":1:", "another version"}},
	} {
		path := filepath.Join(dir, "bad.jsonl")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := OpenJournal(path, s)
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, want := range c.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is missing in: %v", c.name, want, err)
			}
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != c.text {
			t.Errorf("%s: the file was changed (%v)", c.name, err)
		}
	}
}

// header is a results file of a scenario without runs.
func header(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "h.jsonl")
	j, err := OpenJournal(path, decode(t, text, false))
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

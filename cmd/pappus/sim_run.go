package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/sim/report"
	"github.com/pappus-network/pappus/sim/study"
)

// resultsDir holds the results of scenarios, beside whatever is worked on.
const resultsDir = "sim-results"

// noResults is the name of a results file that is none.
const noResults = "-"

// scenarioFlags name a scenario.
type scenarioFlags struct {
	Scenario string `arg:"" help:"Name of a ready scenario, or a scenario file."`
	Short    bool   `help:"Its short form: seconds, and less exact."`
}

func (f scenarioFlags) load() (*study.Scenario, error) {
	s, err := study.Load(f.Scenario, f.Short)
	if err != nil {
		return nil, &usageError{err}
	}
	return s, nil
}

type simRunCommand struct {
	scenarioFlags
	Jobs   int    `short:"j" help:"Runs at a time; 0 for one a core." default:"0" placeholder:"N"`
	Graphs int    `help:"Graphs a point instead of the scenario's number; more of them extend a sweep that is done." default:"0" placeholder:"N"`
	Out    string `short:"o" help:"File that keeps the results, and with which a sweep goes on; - for none. Without it: sim-results/NAME.jsonl." placeholder:"FILE"`
}

func (*simRunCommand) examples() [2]string {
	return [2]string{
		"pappus sim run line",
		"pappus sim run --short --out - default && echo as expected",
	}
}

// Run makes the runs that the results file lacks and prints the table.
func (c *simRunCommand) Run(ctx context.Context, g globals, term terminal) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	if c.Jobs < 0 || c.Graphs < 0 {
		return &usageError{errors.New("jobs and graphs are not below 0")}
	}
	if c.Jobs == 0 {
		c.Jobs = runtime.GOMAXPROCS(0)
	}
	if c.Graphs > 0 {
		s.Seeds = c.Graphs
	}
	journal, err := c.open(s)
	if err != nil {
		return err
	}
	err = c.sweep(ctx, journal, term)
	if err := errors.Join(err, journal.Close()); err != nil {
		return c.interrupted(err, journal)
	}
	if err := printResults(&journal.Results, g, term); err != nil {
		return err
	}
	if broken := journal.Outside(); len(broken) > 0 {
		return fmt.Errorf("%s: not as expected: %s", s.Name, strings.Join(broken, "; "))
	}
	return nil
}

func (c *simRunCommand) open(s *study.Scenario) (*study.Journal, error) {
	if c.Out == noResults {
		return study.NewJournal(s), nil
	}
	if c.Out == "" {
		c.Out = filepath.Join(resultsDir, s.Stem()+".jsonl")
	}
	return study.OpenJournal(c.Out, s)
}

// gcPercent is how much garbage a simulation may hold, in hundredths of what is in use:
// networks of tens of thousands of nodes have a gigabyte each, and Go's default is as
// much again. GOGC in the environment counts instead.
const gcPercent = 50

// sweep makes the missing runs and shows how far it is.
func (c *simRunCommand) sweep(ctx context.Context, j *study.Journal, term terminal) error {
	if _, told := os.LookupEnv("GOGC"); !told {
		defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	}
	m := newMeter(term.err, time.Now())
	defer m.end()
	if j.Note != "" {
		fmt.Fprintf(m, "pappus: %s\n", j.Note)
	}
	missing, known := len(j.Missing()), len(j.Runs)
	if known > 0 {
		fmt.Fprintf(m, "%s of %d are in %s already\n", api.Count(known, "run"), known+missing, c.Out)
	}
	p := pace{begin: time.Now(), total: float64(missing)}
	done, events := 0, uint64(0)
	return j.Sweep(ctx, c.Jobs, func(r study.Run) {
		now := time.Now()
		done++
		events += r.Events
		perSecond, eta := p.rate(now, float64(done))
		m.show(now, "%s: run %d of %d · %.3g runs/s · %.3g million events/s · ETA %s",
			j.Scenario.Name, done, missing, perSecond, float64(events)/now.Sub(p.begin).Seconds()/1e6, eta)
	})
}

// interrupted says what is left of a sweep that has ended early.
func (c *simRunCommand) interrupted(err error, j *study.Journal) error {
	if errors.Is(err, context.Canceled) && c.Out != noResults {
		return fmt.Errorf("interrupted: %s of %d are in %s, and the same command goes on from there",
			api.Count(len(j.Runs), "run"), len(j.Runs)+len(j.Missing()), c.Out)
	}
	return err
}

// simRow is a row of results for programs; what is not known is absent.
type simRow struct {
	At        map[string]any `json:"at"`
	Metric    string         `json:"metric"`
	Ours      float64        `json:"ours"`
	Half      *float64       `json:"half_interval,omitempty"`
	Graphs    int            `json:"graphs"`
	Published *float64       `json:"published,omitempty"`
	Kind      string         `json:"kind,omitempty"`
	Verdict   study.Verdict  `json:"verdict,omitempty"`
}

func printResults(r *study.Results, g globals, term terminal) error {
	if !g.JSON {
		return term.table(report.Table(r))
	}
	rows := []simRow{}
	for _, row := range r.Rows() {
		out := simRow{At: map[string]any{}, Metric: row.Metric.Name, Ours: row.Ours.Mean, Graphs: row.Ours.Count, Verdict: row.Verdict()}
		for i, axis := range r.Scenario.Axes {
			out.At[axis] = row.Point.Values[i]
		}
		if half := row.Ours.Half(); !math.IsNaN(half) {
			out.Half = &half
		}
		if p := row.Published; p != nil {
			out.Published, out.Kind = &p.Value, p.Kind
		}
		rows = append(rows, out)
	}
	return term.printJSON(map[string]any{
		"scenario": r.Scenario.Name, "version": r.Scenario.Version(), "short": r.Scenario.Short, "rows": rows,
	})
}

package study

import (
	"math"
	"slices"

	"github.com/pappus-network/pappus/sim/score"
)

// Verdict is how an estimate and a published value go together.
type Verdict string

// The verdicts there are.
const (
	Agrees  Verdict = "agrees"  // within the interval and the source's own accuracy
	Differs Verdict = "differs" // outside
	Alone   Verdict = ""        // nothing is published, or there is no interval
)

// Row is one point's estimate of one metric, with what is published about it.
type Row struct {
	Point     Point
	Metric    Metric
	Ours      score.Interval // over graphs; with one graph there is no interval
	Published *Published     // nil: nothing is
}

// Verdict compares the two.
func (r Row) Verdict() Verdict {
	if r.Published == nil || math.IsNaN(r.Ours.Low) {
		return Alone
	}
	if math.Abs(r.Ours.Mean-r.Published.Value) <= r.Ours.Half()+r.Published.Within {
		return Agrees
	}
	return Differs
}

// Rows returns an estimate for each metric and point that has been measured, in
// the scenario's order. Where a point has several published values, each has
// a row.
func (r *Results) Rows() []Row {
	values := map[string]map[string][]float64{} // by point and metric
	for _, run := range r.inOrder() {
		of := values[run.Point]
		if of == nil {
			of = map[string][]float64{}
			values[run.Point] = of
		}
		for name, v := range run.Metrics {
			of[name] = append(of[name], v)
		}
	}
	var rows []Row
	for _, name := range r.Scenario.Metrics {
		metric, _ := FindMetric(name) // the scenario was checked
		for _, p := range r.Scenario.Points {
			if v := values[p.ID][name]; len(v) > 0 {
				rows = append(rows, r.Scenario.rows(p, metric, score.Mean(v))...)
			}
		}
	}
	return rows
}

// inOrder returns the runs by replica, in whatever order they ended: sums of
// floating-point numbers depend on it.
func (r *Results) inOrder() []Run {
	runs := slices.Clone(r.Runs)
	slices.SortStableFunc(runs, func(a, b Run) int { return a.Replica - b.Replica })
	return runs
}

func (s *Scenario) rows(p Point, m Metric, e score.Interval) []Row {
	var rows []Row
	for i := range s.Published {
		if pub := &s.Published[i]; pub.Metric == m.Name && s.matches(p, pub.At) {
			rows = append(rows, Row{p, m, e, pub})
		}
	}
	if rows == nil {
		rows = []Row{{Point: p, Metric: m, Ours: e}}
	}
	return rows
}

// Outside returns the expectations of the short form that do not hold, each as a
// sentence.
func (r *Results) Outside() []string {
	var out []string
	for _, row := range r.Rows() {
		for _, e := range r.Scenario.Expected {
			if e.Metric == row.Metric.Name && r.Scenario.matches(row.Point, e.At) && (row.Ours.Mean < e.Low || row.Ours.Mean > e.High) {
				out = append(out, e.broken(row))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

package study

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pappus-network/pappus/sim/score"
)

// Number writes a value with as many digits as a reader can use.
func Number(x float64) string {
	switch a := math.Abs(x); {
	case math.IsNaN(x):
		return "–"
	case a != 0 && a < 0.001:
		return strconv.FormatFloat(x, 'f', 5, 64)
	case a < 10:
		return strconv.FormatFloat(x, 'f', 4, 64)
	case a < 1000:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}

// Interval writes a 95 % interval.
func Interval(i score.Interval) string {
	if math.IsNaN(i.Low) {
		return "–"
	}
	return "[" + Number(i.Low) + ", " + Number(i.High) + "]"
}

// Label names a point by what it differs in from others, but for the axes that
// are left out: p=0.1 routing=per-tx.
func (s *Scenario) Label(p Point, without ...string) string {
	var parts []string
	for i, v := range p.Labels() {
		switch axis := s.Axes[i]; {
		case slices.Contains(without, axis):
		case axis == Variant:
			parts = append(parts, v)
		default:
			parts = append(parts, Short(axis)+"="+v)
		}
	}
	return strings.Join(parts, " ")
}

// XAxis is the axis that plots run along: the last one that has numbers unless the
// scenario says which, or the last one at all; "" if there is none.
func (s *Scenario) XAxis() string {
	if s.Plot.X != "" || len(s.Axes) == 0 {
		return s.Plot.X
	}
	for i, v := range slices.Backward(s.Points[0].Values) {
		if _, ok := float(v); ok {
			return s.Axes[i]
		}
	}
	return s.Axes[len(s.Axes)-1]
}

// Stem is what the names of a scenario's files begin with.
func (s *Scenario) Stem() string {
	if s.Short {
		return s.Name + ".short"
	}
	return s.Name
}

// Command is how the results were made.
func (s *Scenario) Command() string {
	if s.Short {
		return "pappus sim run --short " + s.Name
	}
	return "pappus sim run " + s.Name
}

// Short is an axis without its group: adversary.p is p.
func Short(axis string) string { return axis[strings.LastIndexByte(axis, '.')+1:] }

func (e Expected) broken(r Row) string {
	return fmt.Sprintf("%s at %s is %s, outside [%s, %s]: %s", r.Metric.Name, strings.Join(r.Point.Labels(), ", "),
		Number(r.Ours.Mean), Number(e.Low), Number(e.High), e.Because)
}

// WriteCSV writes the rows for other programs: a column for each axis, then the
// metric, the published value with its kind and source, ours, its interval, the
// number of graphs and the verdict.
func (r *Results) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	head := append([]string{"scenario", "point"}, r.Scenario.Axes...)
	rows := [][]string{append(head, "metric", "unit", "published", "kind", "source", "ours", "low", "high", "graphs", "verdict")}
	for _, row := range r.Rows() {
		line := append([]string{r.Scenario.Name, row.Point.ID}, row.Point.Labels()...)
		published := []string{"", "", ""}
		if p := row.Published; p != nil {
			published = []string{exact(p.Value), p.Kind, p.Source}
		}
		line = append(line, row.Metric.Name, row.Metric.Unit)
		line = append(line, published...)
		line = append(line, exact(row.Ours.Mean), exact(row.Ours.Low), exact(row.Ours.High), strconv.Itoa(row.Ours.Count), string(row.Verdict()))
		rows = append(rows, line)
	}
	if err := c.WriteAll(rows); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// exact writes a number so that it reads back the same; nothing if it is none.
func exact(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

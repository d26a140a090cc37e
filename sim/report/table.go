package report

import (
	"strconv"

	"github.com/pappus-network/pappus/sim/study"
)

// Table returns the rows of results as texts, its head first. Columns that say
// nothing are left out.
func Table(r *study.Results) [][]string {
	rows := r.Rows()
	published := false
	for _, row := range rows {
		published = published || row.Published != nil
	}
	var head []string
	for _, axis := range r.Scenario.Axes {
		head = append(head, study.Short(axis))
	}
	head = append(head, "metric")
	if published {
		head = append(head, "published")
	}
	head = append(head, "ours", "95 % interval", "graphs")
	if published {
		head = append(head, "")
	}
	out := [][]string{head}
	for _, row := range rows {
		line := append(row.Point.Labels(), row.Metric.Name+unit(row.Metric))
		if published {
			line = append(line, value(row.Published))
		}
		line = append(line, study.Number(row.Ours.Mean), study.Interval(row.Ours), strconv.Itoa(row.Ours.Count))
		if published {
			line = append(line, string(row.Verdict()))
		}
		out = append(out, line)
	}
	return out
}

func unit(m study.Metric) string {
	if m.Unit == "" {
		return ""
	}
	return ", " + m.Unit
}

// value writes a published value with where it comes from; ᵈ marks those that were
// derived.
func value(p *study.Published) string {
	if p == nil {
		return "–"
	}
	return study.Number(p.Value) + mark(p)
}

func mark(p *study.Published) string {
	if p.Kind == "derived" {
		return " (derived)"
	}
	return ""
}

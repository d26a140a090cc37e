package report

import (
	"bytes"
	_ "embed" // the page's template
	"errors"
	"fmt"
	"html/template"
	"os"
	"path/filepath"

	"github.com/pappus-network/pappus/sim/study"
)

//go:embed page.html
var pageText string

// section is one scenario on the page.
type section struct {
	Scenario *study.Scenario
	Command  string
	Table    [][]string
	Plots    []template.HTML
	Note     string
	Runs     int
	Planned  int
	CSV      string
}

// Write writes a page of all results, with a CSV file and SVG files for each, into
// a folder. It returns the page's path.
func Write(dir string, all []*study.Results) (string, error) {
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return "", fmt.Errorf("read the report's template: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	var sections []section
	for _, r := range all {
		s, err := write(dir, r)
		if err != nil {
			return "", err
		}
		sections = append(sections, s)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, map[string]any{"Sections": sections, "Metrics": study.Metrics()}); err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	path := filepath.Join(dir, "index.html")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	return path, nil
}

// write writes the files of one scenario and returns its section.
func write(dir string, r *study.Results) (section, error) {
	s := section{
		Scenario: r.Scenario, Command: r.Scenario.Command(), Table: Table(r), Note: r.Note,
		Runs: len(r.Runs), Planned: r.Scenario.Seeds * len(r.Scenario.Points), CSV: r.Scenario.Stem() + ".csv",
	}
	f, err := os.Create(filepath.Join(dir, s.CSV))
	if err != nil {
		return s, fmt.Errorf("write report: %w", err)
	}
	if err := errors.Join(r.WriteCSV(f), f.Close()); err != nil {
		return s, fmt.Errorf("write report: %w", err)
	}
	for _, name := range r.Scenario.Metrics {
		metric, _ := study.FindMetric(name) // the scenario was checked
		svg, err := SVG(r, metric)
		if err != nil {
			return s, err
		}
		if svg == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, r.Scenario.Stem()+"-"+name+".svg"), svg, 0o644); err != nil {
			return s, fmt.Errorf("write report: %w", err)
		}
		if at := bytes.Index(svg, []byte("<svg")); at >= 0 {
			// We have drawn it: its texts are escaped by the library.
			s.Plots = append(s.Plots, template.HTML(svg[at:])) //nolint:gosec // see above
		}
	}
	return s, nil
}

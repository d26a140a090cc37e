package main

import (
	"github.com/pappus-network/pappus/sim/report"
	"github.com/pappus-network/pappus/sim/study"
)

type simReportCommand struct {
	Results []string `arg:"" help:"Results files that sim run has written."`
	Out     string   `short:"o" help:"Folder to write into." default:"sim-report" placeholder:"DIR"`
}

func (*simReportCommand) examples() [2]string {
	return [2]string{
		"pappus sim report sim-results/line.jsonl",
		"pappus sim report sim-results/line.jsonl sim-results/trees.jsonl -o report",
	}
}

// Run writes the page with its plots and CSV files.
func (c *simReportCommand) Run(g globals, term terminal) error {
	var all []*study.Results
	for _, path := range c.Results {
		r, err := study.ReadResults(path)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	path, err := report.Write(c.Out, all)
	if err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(map[string]any{"page": path, "scenarios": len(all)})
	}
	return term.printf("wrote %s, with SVG and CSV files beside it\n", path)
}

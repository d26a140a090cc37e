package main

import (
	"fmt"

	"github.com/pappus-network/pappus/sim/study"
)

type simListCommand struct{}

func (*simListCommand) examples() [2]string {
	return [2]string{
		"pappus sim list",
		"pappus sim list --json | jq -r '.[] | select(.long | not) | .name'",
	}
}

// readyScenario is one of the list.
type readyScenario struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Points int    `json:"points"`
	Graphs int    `json:"graphs"`
	Long   bool   `json:"long"`
}

// Run lists the ready scenarios.
func (*simListCommand) Run(g globals, term terminal) error {
	all := []readyScenario{}
	for _, name := range study.Ready() {
		s, err := study.Load(name, false)
		if err != nil {
			return err
		}
		all = append(all, readyScenario{s.Name, s.Title, len(s.Points), s.Seeds, s.Long})
	}
	if g.JSON {
		return term.printJSON(all)
	}
	rows := [][]string{{"name", "runs", "takes", "what it measures"}}
	for _, s := range all {
		takes := "< 2 min"
		if s.Long {
			takes = "longer"
		}
		rows = append(rows, []string{s.Name, fmt.Sprintf("%d × %d", s.Points, s.Graphs), takes, s.Title})
	}
	if err := term.table(rows); err != nil {
		return err
	}
	return term.printf("\nRun one with \"pappus sim run NAME\"; --short takes seconds. Times are on two cores.\n")
}

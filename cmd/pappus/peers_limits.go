package main

import (
	"context"
	"encoding/json"
	"fmt"
)

type peersLimitsCommand struct{}

func (*peersLimitsCommand) examples() [2]string {
	return [2]string{
		"pappus peers limits",
		`pappus peers limits --json | jq '.[] | select(.name == "inbound")'`,
	}
}

// limit is what is shown of getlimits.
type limit struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	By     string  `json:"by"`
	Origin string  `json:"origin"`
}

// Run asks the node for its limits.
func (*peersLimitsCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "getlimits", nil, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var all []limit
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("read the limits: %w", err)
	}
	rows := [][]string{{"LIMIT", "VALUE", "UNIT", "HELD BY", "FOLLOWS FROM"}}
	for _, l := range all {
		value := fmt.Sprintf("%.10g", l.Value)
		unit := l.Unit
		if unit == "bytes" {
			value, unit = fmt.Sprintf("%.10g", l.Value/(1<<20)), "MiB"
		}
		rows = append(rows, []string{l.Name, value, unit, l.By, l.Origin})
	}
	return term.table(rows)
}

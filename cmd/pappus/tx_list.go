package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

type txListCommand struct{}

func (*txListCommand) examples() [2]string {
	return [2]string{
		"pappus tx list",
		`pappus tx list --json | jq -r '.[] | select(.state == "waiting") | .txid'`,
	}
}

// Run lists the transactions that were submitted to the node.
func (*txListCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "listowntransactions", nil, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var all []ownTx
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("read the list of transactions: %w", err)
	}
	if len(all) == 0 {
		return term.printf("no transactions were submitted to this node\n")
	}
	now := time.Now()
	rows := [][]string{{"SUBMITTED", "STATE", "TRANSACTION"}}
	for _, t := range all {
		rows = append(rows, []string{span(now.Sub(time.Unix(t.Submitted, 0))) + " ago", t.headline(now), t.Txid})
	}
	return term.table(rows)
}

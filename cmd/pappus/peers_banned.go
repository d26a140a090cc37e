package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

type peersBannedCommand struct{}

func (*peersBannedCommand) examples() [2]string {
	return [2]string{
		"pappus peers banned",
		"pappus peers banned --json | jq -r '.[] | select(.manual) | .address'",
	}
}

// banInfo is what is shown of listbanned.
type banInfo struct {
	Address   string `json:"address"`
	Created   int64  `json:"ban_created"`
	Remaining int64  `json:"time_remaining"` // seconds
	Reason    string `json:"ban_reason"`
}

// Run asks the node for its bans.
func (*peersBannedCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "listbanned", nil, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var all []banInfo
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("read the list of bans: %w", err)
	}
	if len(all) == 0 {
		return term.printf("nobody is banned\n")
	}
	rows := [][]string{{"BANNED", "FOR ANOTHER", "REASON", "WHO"}}
	for _, b := range all {
		rows = append(rows, []string{ago(b.Created, time.Now()), span(time.Duration(b.Remaining) * time.Second), b.Reason, b.Address})
	}
	return term.table(rows)
}

// ago writes a Unix time for people.
func ago(at int64, now time.Time) string { return span(max(0, now.Sub(time.Unix(at, 0)))) + " ago" }

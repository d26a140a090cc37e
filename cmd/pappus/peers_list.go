package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

type peersListCommand struct{}

func (*peersListCommand) examples() [2]string {
	return [2]string{
		"pappus peers list",
		"pappus peers list --json | jq -r '.[].addr'",
	}
}

// peerInfo is what is shown of getpeerinfo.
type peerInfo struct {
	Addr    string   `json:"addr"`
	Type    string   `json:"connection_type"`
	Source  string   `json:"source"`
	Agent   string   `json:"subver"`
	Start   int32    `json:"startingheight"`
	Headers int32    `json:"synced_headers"`
	Ping    *float64 `json:"pingtime"` // seconds
	Sent    float64  `json:"bytessent"`
	Rcvd    float64  `json:"bytesrecv"`
	Since   int64    `json:"conntime"`
}

// Run asks the node for its peers.
func (*peersListCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "getpeerinfo", nil, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var peers []peerInfo
	if err := json.Unmarshal(raw, &peers); err != nil {
		return fmt.Errorf("read the list of peers: %w", err)
	}
	if len(peers) == 0 {
		return term.printf("no peers\n")
	}
	rows := [][]string{{"HEIGHT", "PING", "SENT", "RECEIVED", "FOR", "LINK", "FROM", "AGENT", "ADDRESS"}}
	for _, p := range peers {
		rows = append(rows, p.row(time.Now()))
	}
	return term.table(rows)
}

func (p peerInfo) row(now time.Time) []string {
	ping := "-"
	if p.Ping != nil {
		ping = fmt.Sprintf("%.0f ms", *p.Ping*1000)
	}
	return []string{
		fmt.Sprint(max(p.Start, p.Headers)), ping, size(p.Sent), size(p.Rcvd),
		span(now.Sub(time.Unix(p.Since, 0))), p.Type, p.Source, p.Agent, p.Addr,
	}
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

type peersWhyCommand struct {
	Subject string `arg:"" name:"peer" help:"A peer id, an IP address or a subnet."`
}

func (*peersWhyCommand) examples() [2]string {
	return [2]string{
		"pappus peers why 12D3KooW…",
		"pappus peers why 192.0.2.1",
	}
}

// standing is what getpeerstanding tells.
type standing struct {
	Subject   string  `json:"subject"`
	Connected bool    `json:"connected"`
	Protected string  `json:"protected"`
	Named     bool    `json:"named"`
	Points    float64 `json:"points"`
	Limit     float64 `json:"limit"`
	Charges   []struct {
		Time   int64   `json:"time"`
		Reason string  `json:"reason"`
		Points float64 `json:"points"`
	} `json:"charges"`
	Ban  *banInfo `json:"ban"`
	Left *struct {
		Time   int64  `json:"time"`
		Reason string `json:"reason"`
	} `json:"left"`
}

// Run asks the node what it holds against somebody.
func (c *peersWhyCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "getpeerstanding", []any{c.Subject}, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var s standing
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("read the standing: %w", err)
	}
	return term.table(s.rows(time.Now()))
}

func (s standing) rows(now time.Time) [][]string {
	rows := [][]string{{"who", s.Subject}}
	link := "not connected"
	if s.Connected {
		link = "connected"
		if s.Protected != "" {
			link += "; makes way for nobody: " + s.Protected
		}
	}
	rows = append(rows, []string{"link", link})
	if s.Left != nil {
		rows = append(rows, []string{"last one ended", fmt.Sprintf("%s: %s", ago(s.Left.Time, now), s.Left.Reason)})
	}
	switch {
	case s.Ban != nil:
		rows = append(rows, []string{"ban", fmt.Sprintf("for another %s, by %s, since %s: %s",
			span(time.Duration(s.Ban.Remaining)*time.Second), s.Ban.Address, ago(s.Ban.Created, now), s.Ban.Reason)})
	case s.Named:
		rows = append(rows, []string{"ban", "none; you named it: only you ban it"})
	default:
		rows = append(rows, []string{"ban", "none"})
	}
	rows = append(rows, []string{"held against it", fmt.Sprintf("%.0f points of %.0f; half is forgotten every hour", s.Points, s.Limit)})
	for _, c := range s.Charges {
		rows = append(rows, []string{"", fmt.Sprintf("%s: %s, %.0f points", ago(c.Time, now), c.Reason, c.Points)})
	}
	return rows
}

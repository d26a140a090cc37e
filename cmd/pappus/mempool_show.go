package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

type mempoolShowCommand struct {
	Txid string `arg:"" help:"Id of the transaction."`
}

func (*mempoolShowCommand) examples() [2]string {
	const txid = "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098"
	return [2]string{"pappus mempool show " + txid, "pappus mempool show " + txid + " --json"}
}

// Run shows one waiting transaction.
func (c *mempoolShowCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "getmempoolentry", []any{c.Txid}, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var t struct {
		mempoolTx
		Wtxid       string   `json:"wtxid"`
		Depends     []string `json:"depends"`
		SpentBy     []string `json:"spentby"`
		Replaceable bool     `json:"bip125-replaceable"`
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return fmt.Errorf("read the transaction: %w", err)
	}
	replaceable := "no"
	if t.Replaceable {
		replaceable = "yes"
	}
	rows := [][]string{
		{"waiting for", span(time.Since(time.Unix(t.Time, 0)))},
		{"pays", fmt.Sprintf("%.8f BTC, %.1f sat/vB for %d vB", t.Fees.Base, t.rate(), t.Vsize)},
		{"replaceable", replaceable},
		{"wtxid", t.Wtxid},
	}
	if len(t.Depends) > 0 {
		rows = append(rows, []string{"depends on", strings.Join(t.Depends, " ")})
	}
	if len(t.SpentBy) > 0 {
		rows = append(rows, []string{"spent by", strings.Join(t.SpentBy, " ")})
	}
	return term.table(rows)
}

type mempoolSaveCommand struct{}

func (*mempoolSaveCommand) examples() [2]string {
	return [2]string{"pappus mempool save", "pappus mempool save --json"}
}

// Run has the node write its mempool to disk now.
func (*mempoolSaveCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var saved struct {
		Filename string `json:"filename"`
	}
	if err := node.Call(ctx, "savemempool", nil, &saved); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(saved)
	}
	return term.printf("the mempool is saved in %s\n", saved.Filename)
}

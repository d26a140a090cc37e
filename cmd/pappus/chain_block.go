package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/pappus-network/pappus/api/client"
)

type chainBlockCommand struct {
	Block string `arg:"" optional:"" help:"Its hash or its height; without it the tip."`
}

func (*chainBlockCommand) examples() [2]string {
	return [2]string{
		"pappus chain block",
		"pappus chain block 170 --json",
	}
}

// blockInfo is what is shown of getblock and getblockstats.
type blockInfo struct {
	Hash          string   `json:"hash"`
	Previous      string   `json:"previousblockhash"`
	Height        int32    `json:"height"`
	Confirmations int64    `json:"confirmations"`
	Time          int64    `json:"time"`
	Size          float64  `json:"size"`
	Weight        int      `json:"weight"`
	Tx            []string `json:"tx"`
}

// Run asks the running node for a block.
func (c *chainBlockCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	hash, err := c.hash(ctx, node)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "getblock", []any{hash}, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var b blockInfo
	if err := json.Unmarshal(raw, &b); err != nil {
		return fmt.Errorf("read the block: %w", err)
	}
	rows := [][]string{
		{"block", b.Hash},
		{"height", fmt.Sprint(b.Height)},
		{"confirmations", fmt.Sprint(b.Confirmations)},
		{"time", time.Unix(b.Time, 0).UTC().Format(time.RFC3339)},
		{"before it", b.Previous},
		{"size", fmt.Sprintf("%s, %d weight units", size(b.Size), b.Weight)},
		{"transactions", fmt.Sprint(len(b.Tx))},
	}
	var stats struct {
		Fee int64 `json:"totalfee"`
	}
	// Of a block off the chain nobody knows what it spends.
	if err := node.Call(ctx, "getblockstats", []any{b.Hash, []string{"totalfee"}}, &stats); err == nil {
		rows = append(rows, []string{"fees", fmt.Sprintf("%d sat", stats.Fee)})
	}
	return term.table(rows)
}

// hash is what names the block to getblock.
func (c *chainBlockCommand) hash(ctx context.Context, node *client.Client) (hash string, err error) {
	if c.Block == "" {
		err = node.Call(ctx, "getbestblockhash", nil, &hash)
		return hash, err
	}
	if height, err := strconv.ParseInt(c.Block, 10, 32); err == nil {
		err = node.Call(ctx, "getblockhash", []any{height}, &hash)
		return hash, err
	}
	return c.Block, nil
}

type chainTipsCommand struct{}

func (*chainTipsCommand) examples() [2]string {
	return [2]string{
		"pappus chain tips",
		"pappus chain tips --json",
	}
}

// Run lists the ends of all branches that the running node knows.
func (*chainTipsCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "getchaintips", nil, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var tips []struct {
		Height int32  `json:"height"`
		Hash   string `json:"hash"`
		Branch int32  `json:"branchlen"`
		Status string `json:"status"`
	}
	if err := json.Unmarshal(raw, &tips); err != nil {
		return fmt.Errorf("read the tips: %w", err)
	}
	rows := [][]string{{"HEIGHT", "BRANCH", "STATUS", "HASH"}}
	for _, t := range tips {
		rows = append(rows, []string{fmt.Sprint(t.Height), fmt.Sprint(t.Branch), t.Status, t.Hash})
	}
	return term.table(rows)
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

type mempoolListCommand struct{}

func (*mempoolListCommand) examples() [2]string {
	return [2]string{"pappus mempool list", "pappus mempool list --json | jq 'keys | length'"}
}

// mempoolTx is what is shown of one transaction of getrawmempool.
type mempoolTx struct {
	Vsize int64 `json:"vsize"`
	Time  int64 `json:"time"`
	Fees  struct {
		Base float64 `json:"base"`
	} `json:"fees"`
	Ancestors   int `json:"ancestorcount"`
	Descendants int `json:"descendantcount"`
}

// Run lists the transactions that wait for a block, the best paid first.
func (*mempoolListCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "getrawmempool", []any{true}, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var all map[string]mempoolTx
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("read the mempool: %w", err)
	}
	if len(all) == 0 {
		return term.printf("the mempool is empty\n")
	}
	ids := make([]string, 0, len(all))
	for id := range all {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		if x, y := all[a].rate(), all[b].rate(); x > y {
			return -1
		} else if x < y {
			return 1
		}
		return strings.Compare(a, b)
	})
	rows := [][]string{{"SAT/VB", "VBYTES", "FOR", "ABOVE", "BELOW", "TRANSACTION"}}
	for _, id := range ids {
		t := all[id]
		rows = append(rows, []string{
			fmt.Sprintf("%.1f", t.rate()), fmt.Sprint(t.Vsize), span(time.Since(time.Unix(t.Time, 0))),
			fmt.Sprint(t.Ancestors - 1), fmt.Sprint(t.Descendants - 1), id,
		})
	}
	return term.table(rows)
}

// rate is in satoshi per virtual byte.
func (t mempoolTx) rate() float64 { return t.Fees.Base * 1e8 / float64(max(1, t.Vsize)) }

type mempoolInfoCommand struct{}

func (*mempoolInfoCommand) examples() [2]string {
	return [2]string{"pappus mempool info", "pappus mempool info --json | jq .mempoolminfee"}
}

// Run shows the mempool as a whole.
func (*mempoolInfoCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "getmempoolinfo", nil, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	var m struct {
		Size     int     `json:"size"`
		Bytes    int64   `json:"bytes"`
		Usage    float64 `json:"usage"`
		Max      float64 `json:"maxmempool"`
		Fee      float64 `json:"total_fee"`
		MinFee   float64 `json:"mempoolminfee"`
		RelayFee float64 `json:"minrelaytxfee"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("read the node's answer: %w", err)
	}
	return term.table([][]string{
		{"transactions", fmt.Sprint(m.Size)},
		{"virtual bytes", fmt.Sprint(m.Bytes)},
		{"memory", fmt.Sprintf("%s of %s", size(m.Usage), size(m.Max))},
		{"fees", fmt.Sprintf("%.8f BTC", m.Fee)},
		{"least fee now", fmt.Sprintf("%.1f sat/vB (%.1f when it is not full)", m.MinFee*1e5, m.RelayFee*1e5)},
	})
}

package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/pappus-network/pappus/api/client"
)

type txSendCommand struct {
	Hex     string        `arg:"" name:"hex" help:"The signed transaction in hexadecimal, or - to read it from standard input."`
	DryRun  bool          `help:"Only say whether the node would take it."`
	Wait    bool          `help:"Wait until a peer has shown it back, or until it is dropped."`
	Timeout time.Duration `help:"With --wait: give up after this time." default:"10m" placeholder:"TIME"`
}

func (*txSendCommand) examples() [2]string {
	return [2]string{
		"pappus tx send 0200000001…",
		"pappus tx send --wait --timeout 2m 0200000001…",
	}
}

// waitEvery is how often a node is asked while --wait lasts: twice a second is fast
// for a person and nothing for the node.
const waitEvery = 500 * time.Millisecond

// Run hands a transaction to the node.
func (c *txSendCommand) Run(ctx context.Context, g globals, term terminal) error {
	text, err := c.read(os.Stdin)
	if err != nil {
		return err
	}
	node, err := dial(g)
	if err != nil {
		return err
	}
	if c.DryRun {
		return c.test(ctx, node, text, g, term)
	}
	var txid string
	if err := node.Call(ctx, "sendrawtransaction", []any{text}, &txid); err != nil {
		return err
	}
	if c.Wait {
		if err := c.wait(ctx, node, txid, term); err != nil {
			return err
		}
	}
	if g.JSON {
		return term.printJSON(map[string]string{"txid": txid})
	}
	return term.printf("%s\n", txid)
}

// read returns the transaction in hexadecimal.
func (c *txSendCommand) read(stdin io.Reader) (string, error) {
	text := c.Hex
	if text == "-" {
		// Twice the largest transaction that is relayed, in hexadecimal.
		const most = 2 * 2 * 400_000
		raw, err := io.ReadAll(io.LimitReader(stdin, most))
		if err != nil {
			return "", fmt.Errorf("read the transaction from standard input: %w", err)
		}
		text = string(raw)
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return "", &usageError{errors.New("no transaction: give it in hexadecimal, or - and it on standard input")}
	}
	if _, err := hex.DecodeString(text); err != nil {
		return "", &usageError{fmt.Errorf("the transaction is not hexadecimal: %w", err)}
	}
	return text, nil
}

func (c *txSendCommand) test(ctx context.Context, node *client.Client, text string, g globals, term terminal) error {
	var raw json.RawMessage
	if err := node.Call(ctx, "testmempoolaccept", []any{[]string{text}}, &raw); err != nil {
		return err
	}
	var results []struct {
		Txid    string                  `json:"txid"`
		Allowed bool                    `json:"allowed"`
		Vsize   int64                   `json:"vsize"`
		Reason  string                  `json:"reject-reason"`
		Fees    *struct{ Base float64 } `json:"fees"`
	}
	if err := json.Unmarshal(raw, &results); err != nil || len(results) != 1 {
		return fmt.Errorf("read the node's answer: %w", err)
	}
	if g.JSON {
		if err := term.printJSON(raw); err != nil {
			return err
		}
	}
	r := results[0]
	if !r.Allowed {
		return fmt.Errorf("%s would not be taken: %s", r.Txid, r.Reason)
	}
	if g.JSON || r.Fees == nil {
		return nil
	}
	return term.printf("%s would be taken: %d vbytes, fee %.8f BTC, %.1f sat/vB\n", r.Txid, r.Vsize, r.Fees.Base, r.Fees.Base*1e8/float64(r.Vsize))
}

// wait returns when a peer has shown the transaction back.
func (c *txSendCommand) wait(ctx context.Context, node *client.Client, txid string, term terminal) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	ticker := time.NewTicker(waitEvery)
	defer ticker.Stop()
	last := ""
	for {
		var t ownTx
		if err := node.Call(ctx, "getowntransaction", []any{txid}, &t); err != nil {
			return err
		}
		if t.State != last {
			fmt.Fprintf(term.err, "%s: %s\n", txid, t.headline(time.Now()))
			last = t.State
		}
		switch t.State {
		case "seen", "mined":
			return nil
		case "dropped":
			return fmt.Errorf("%s was dropped (%s). %s", txid, t.Why, t.Advice)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is %s after %v: %s", txid, t.State, c.Timeout, t.Advice)
		case <-ticker.C:
		}
	}
}

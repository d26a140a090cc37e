package main

import (
	"context"
	"encoding/json"
)

type txAbortCommand struct {
	TxID string `arg:"" name:"txid" help:"The transaction's id."`
}

func (*txAbortCommand) examples() [2]string {
	return [2]string{
		"pappus tx abort 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
		"pappus tx abort --json $TXID | jq '.removed_transactions[].txid'",
	}
}

// Run takes a transaction back that is not published yet.
func (c *txAbortCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := node.Call(ctx, "abortprivatebroadcast", []any{c.TxID}, &raw); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(raw)
	}
	return term.printf("taken back: this node does not publish it. Whoever has it in its stem may.\n")
}

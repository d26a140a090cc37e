package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pappus-network/pappus/api/client"
)

type rpcCommand struct {
	Method string   `arg:"" help:"Name of the method; help lists them all."`
	Args   []string `arg:"" optional:"" help:"Its arguments: JSON where they are JSON, else text. Put -- before negative numbers."`
}

func (*rpcCommand) examples() [2]string {
	return [2]string{
		"pappus rpc getblockcount",
		"pappus rpc getblock 000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f 2",
	}
}

// Run calls the method and prints its result as bitcoin-cli does: text bare,
// nothing for null, the rest as JSON.
func (c *rpcCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var result json.RawMessage
	if err := node.Call(ctx, c.Method, client.Params(c.Args), &result); err != nil {
		return c.explain(err)
	}
	var text string
	switch {
	case len(result) == 0 || string(result) == "null":
		return nil
	case !g.JSON && json.Unmarshal(result, &text) == nil:
		return term.printf("%s\n", text)
	default:
		return term.printJSON(result)
	}
}

// explain adds the code, which scripts look for.
func (*rpcCommand) explain(err error) error {
	refused, ok := errors.AsType[*client.RPCError](err)
	if !ok {
		return err
	}
	return fmt.Errorf("error code: %d, error message: %w", refused.Code, err)
}

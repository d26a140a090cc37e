package main

import (
	"context"
	"fmt"
	"time"
)

type peersBanCommand struct {
	Subject string        `arg:"" help:"A peer id, an IP address, or a subnet such as 192.0.2.0/24."`
	For     time.Duration `help:"How long; 720h is a month." default:"24h" placeholder:"TIME"`
}

func (*peersBanCommand) examples() [2]string {
	return [2]string{
		"pappus peers ban 12D3KooW… --for 72h",
		"pappus peers ban 192.0.2.0/24",
	}
}

// Run asks the node to keep somebody out.
func (c *peersBanCommand) Run(ctx context.Context, g globals, term terminal) error {
	if c.For < time.Second {
		return &usageError{fmt.Errorf("--for %v is below a second", c.For)}
	}
	node, err := dial(g)
	if err != nil {
		return err
	}
	if err := node.Call(ctx, "setban", []any{c.Subject, "add", int64(c.For / time.Second)}, nil); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(map[string]any{"banned": c.Subject, "seconds": int64(c.For / time.Second)})
	}
	return term.printf("banned for %s; links are closed (pappus peers unban lifts it)\n", span(c.For))
}

package main

import (
	"context"
	"errors"
)

type peersUnbanCommand struct {
	Subject string `arg:"" optional:"" help:"As pappus peers banned shows it."`
	All     bool   `help:"Lift all bans."`
}

func (*peersUnbanCommand) examples() [2]string {
	return [2]string{
		"pappus peers unban 192.0.2.0/24",
		"pappus peers unban --all",
	}
}

// Run asks the node to lift a ban, or all.
func (c *peersUnbanCommand) Run(ctx context.Context, g globals, term terminal) error {
	if (c.Subject == "") != c.All {
		return &usageError{errors.New("name whom to unban, or --all")}
	}
	node, err := dial(g)
	if err != nil {
		return err
	}
	if c.All {
		err = node.Call(ctx, "clearbanned", nil, nil)
	} else {
		err = node.Call(ctx, "setban", []any{c.Subject, "remove"}, nil)
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(map[string]any{"unbanned": c.Subject, "all": c.All})
	}
	return term.printf("lifted\n")
}

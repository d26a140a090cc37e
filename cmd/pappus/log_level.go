package main

import (
	"context"

	"github.com/pappus-network/pappus/api/client"
)

type logLevelCommand struct {
	Level string `arg:"" optional:"" help:"debug, info, warn or error; without it the level is shown."`
}

func (*logLevelCommand) examples() [2]string {
	return [2]string{
		"pappus log level debug",
		"pappus log level",
	}
}

// Run shows or sets how much the running node logs. It lasts until the node stops.
func (c *logLevelCommand) Run(ctx context.Context, g globals, term terminal) error {
	node, err := dial(g)
	if err != nil {
		return err
	}
	var words []string
	if c.Level != "" {
		words = []string{c.Level}
	}
	var level string
	if err := node.Call(ctx, "debuglevel", client.Params(words), &level); err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(map[string]string{"level": level})
	}
	return term.printf("%s\n", level)
}

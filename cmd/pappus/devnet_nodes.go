package main

import (
	"context"
	"strings"
)

type devnetAddCommand struct {
	devnetFlags

	Count int `arg:"" optional:"" help:"How many." default:"1"`
}

func (*devnetAddCommand) examples() [2]string {
	return [2]string{"pappus devnet add", "pappus devnet add 3 --json"}
}

// Run adds nodes.
func (c *devnetAddCommand) Run(ctx context.Context, g globals, term terminal) error {
	return c.act(ctx, g, term, "add", map[string]int{"count": c.Count}, listed("added", "names"))
}

// oneNode is the argument of commands that do something to a node.
type oneNode struct {
	devnetFlags

	Name string `arg:"" help:"Name of the node, as status shows it."`
}

func (c *oneNode) do(ctx context.Context, g globals, term terminal, action, words string) error {
	return c.act(ctx, g, term, action, map[string]string{"name": c.Name}, said(words+" "+c.Name))
}

type devnetKillCommand struct{ oneNode }

func (*devnetKillCommand) examples() [2]string {
	return [2]string{"pappus devnet kill n3", "pappus devnet kill n3 && pappus devnet restart n3"}
}

// Run kills a node.
func (c *devnetKillCommand) Run(ctx context.Context, g globals, term terminal) error {
	return c.do(ctx, g, term, "kill", "killed")
}

type devnetRestartCommand struct{ oneNode }

func (*devnetRestartCommand) examples() [2]string {
	return [2]string{"pappus devnet restart n3", "pappus devnet restart n3 --json"}
}

// Run starts a killed node again.
func (c *devnetRestartCommand) Run(ctx context.Context, g globals, term terminal) error {
	return c.do(ctx, g, term, "restart", "restarted")
}

type devnetRemoveCommand struct{ oneNode }

func (*devnetRemoveCommand) examples() [2]string {
	return [2]string{"pappus devnet remove n3", "pappus devnet remove n3 --json"}
}

// Run removes a node.
func (c *devnetRemoveCommand) Run(ctx context.Context, g globals, term terminal) error {
	return c.do(ctx, g, term, "remove", "removed")
}

type devnetPartitionCommand struct {
	devnetFlags

	Groups []string `arg:"" optional:"" help:"Groups of names with commas between; nodes that are not named form one more. Without any: two halves."`
}

func (*devnetPartitionCommand) examples() [2]string {
	return [2]string{"pappus devnet partition", "pappus devnet partition n1,n2 n3,n4"}
}

// Run parts the network.
func (c *devnetPartitionCommand) Run(ctx context.Context, g globals, term terminal) error {
	groups := make([][]string, len(c.Groups))
	for i, text := range c.Groups {
		groups[i] = strings.Split(text, ",")
	}
	return c.act(ctx, g, term, "partition", map[string][][]string{"groups": groups}, said("parted: pappus devnet heal ends it"))
}

type devnetHealCommand struct{ devnetFlags }

func (*devnetHealCommand) examples() [2]string {
	return [2]string{"pappus devnet heal", "pappus devnet heal --json"}
}

// Run ends a partition.
func (c *devnetHealCommand) Run(ctx context.Context, g globals, term terminal) error {
	return c.act(ctx, g, term, "heal", struct{}{}, said("healed"))
}

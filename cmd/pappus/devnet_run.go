package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/devnet"
)

type devnetRunCommand struct {
	Nodes     int           `arg:"" optional:"" name:"n" help:"How many nodes, 1 to 100." default:"5"`
	Processes bool          `help:"Run each node in a process of its own, a pappus node."`
	Links     int           `help:"Links that each node opens; 0 for 2 to 8 by the number of nodes." placeholder:"N"`
	Blocks    time.Duration `help:"Mean time between two blocks; 0 for none." default:"5s" placeholder:"TIME"`
	Payments  time.Duration `help:"Mean time between two transactions; 0 for none." default:"3s" placeholder:"TIME"`
	Embargo   time.Duration `help:"Mean of Dandelion's embargoes." default:"${embargo}" placeholder:"TIME"`
	Keep      string        `help:"Keep the nodes in this folder when the network ends, and take them up again from there." placeholder:"DIR"`
	ListenAPI string        `name:"listen-api" help:"Where the dashboard listens, port 0 for any free one." default:"127.0.0.1:8490" placeholder:"HOST:PORT"`
	NodeAPIs  bool          `name:"node-apis" help:"Give each node an API of its own as well; the file api in its folder says where."`
	At        string        `help:"Folder in which the devnet says how it is reached (default: in the user's runtime folder)." placeholder:"DIR"`
	LogLevel  slog.Level    `help:"debug, info, warn or error; of the nodes' logs." default:"error" placeholder:"LEVEL"`
}

func (*devnetRunCommand) examples() [2]string {
	return [2]string{
		"pappus devnet 5",
		"pappus devnet 20 --processes --keep ./net",
	}
}

// Run runs the network until ctx ends.
func (c *devnetRunCommand) Run(ctx context.Context, g globals, term terminal) (err error) {
	dir, temporary := c.Keep, c.Keep == ""
	cfg := devnet.DefaultConfig(dir, c.At)
	if cfg.At == "" {
		cfg.At = devnet.Rendezvous()
	}
	cfg.Nodes, cfg.Outbound, cfg.Blocks, cfg.Payments, cfg.Embargo = c.Nodes, c.Links, c.Blocks, c.Payments, c.Embargo
	cfg.Keep, cfg.API, cfg.NodeAPIs = !temporary, c.ListenAPI, c.NodeAPIs
	if temporary {
		if cfg.Dir, err = os.MkdirTemp("", "pappus-devnet-"); err != nil {
			return fmt.Errorf("make a folder for the nodes: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(cfg.Dir)) }()
	}
	if c.Processes {
		if cfg.Program, err = os.Executable(); err != nil {
			return fmt.Errorf("find this program, to run the nodes with it: %w", err)
		}
	}
	if err := cfg.Validate(); err != nil {
		return &usageError{err}
	}
	options := &slog.HandlerOptions{Level: c.LogLevel}
	log := slog.New(slog.NewTextHandler(term.err, options))
	if g.JSON {
		log = slog.New(slog.NewJSONHandler(term.err, options))
	}
	net, err := devnet.New(cfg, log)
	if err != nil {
		return err
	}
	telling, stop := context.WithCancel(ctx)
	told := make(chan error, 1)
	go func() { told <- c.tell(telling, net, g, term) }() // ends with telling
	err = net.Run(ctx)
	stop()
	return errors.Join(err, <-told)
}

// tell prints where the network is, and when it is ready.
func (c *devnetRunCommand) tell(ctx context.Context, net *devnet.Devnet, g globals, term terminal) error {
	begun := time.Now()
	select {
	case <-ctx.Done():
		return nil
	case <-net.Listening():
	}
	type line struct {
		Event   string `json:"event"`
		Nodes   int    `json:"nodes"`
		Address string `json:"address"`
		Took    int64  `json:"took_ms"`
	}
	say := func(event, format string, args ...any) error {
		if g.JSON {
			return term.printJSON(line{event, c.Nodes, net.Address(), time.Since(begun).Milliseconds()})
		}
		return term.printf(format, args...)
	}
	if err := say("listening", "dashboard: %s\nstarting %s …\n", net.Address(), api.Count(c.Nodes, "node")); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-net.Ready():
	}
	return say("ready", "ready after %.1f s: all have the same chain, and a transaction has reached them all. Open the address in a browser; Ctrl-C ends everything.\n",
		time.Since(begun).Seconds())
}

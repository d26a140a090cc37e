package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/node"
)

// withChain opens the chain while no node runs, lets work have it and closes it
// again, whatever happens.
func withChain(ctx context.Context, cfg node.Config, term terminal, work func(*chain.Chain) error) error {
	if err := cfg.Validate(); err != nil {
		return &usageError{err}
	}
	log := slog.New(slog.NewTextHandler(term.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	offline, err := node.OpenChain(ctx, cfg, log)
	if err != nil {
		return err
	}
	return errors.Join(work(offline.Chain), offline.Close())
}

// mustExist refuses to read a chain that was never begun: opening would make it.
func mustExist(cfg node.Config) error {
	if !fileExists(cfg.Dir()) {
		return fmt.Errorf("there is no %s chain in %s: name another folder with --datadir or another network with --network, or make one with `pappus node` or `pappus chain import`",
			cfg.Network, cfg.DataDir)
	}
	return nil
}

// dial finds the running node.
func dial(g globals) (*client.Client, error) {
	if _, err := node.Params(g.Network); err != nil {
		return nil, &usageError{err}
	}
	return client.Dial(g.config().Dir())
}

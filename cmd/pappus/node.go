package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/blocksync"
	"github.com/pappus-network/pappus/node"
)

type nodeCommand struct{ nodeFlags }

func (*nodeCommand) examples() [2]string {
	return [2]string{
		"pappus node --network regtest --datadir ./a --mine",
		"pappus node --connect /ip4/192.0.2.1/tcp/8477/p2p/12D3KooW… --prune 4000",
	}
}

// Run runs the node until ctx ends or its API is asked to stop it.
func (c *nodeCommand) Run(ctx context.Context, g globals, term terminal) error {
	cfg := c.config(g)
	if err := cfg.Validate(); err != nil {
		return &usageError{err}
	}
	if c.WhileStdin {
		ctx = whileOpen(ctx, os.Stdin, func() { os.Exit(exitForced) })
	}
	m := newMeter(term.err, time.Now())
	level := new(slog.LevelVar)
	level.Set(c.LogLevel)
	log := logger(m, level, g.JSON)
	n, err := node.New(ctx, cfg, log)
	if err != nil {
		return err
	}
	n.ControlLevel(level)
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() { // ends with watching
		defer close(watched)
		watch(watching, n.Progress, m, log, !g.JSON)
	}()
	err = n.Run(ctx)
	stop()
	<-watched
	return err
}

// orphaned is what a node has to stop in when nobody is left who could kill it: a disk
// that hangs, or a folder that was deleted, may keep a database from closing for ever.
const orphaned = 30 * time.Second

// whileOpen returns a context that ends with ctx, or when all of a file has been read; if
// the process is there a good while later, force is called.
func whileOpen(ctx context.Context, file io.Reader, force func()) context.Context {
	ctx, end := context.WithCancel(ctx)
	go func() { // ends with the file, which is the process's own
		_, _ = io.Copy(io.Discard, file) // an error is an end as well
		end()
		time.AfterFunc(orphaned, force)
	}()
	return ctx
}

func logger(m *meter, level slog.Leveler, json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(slog.NewJSONHandler(m, options))
	}
	return slog.New(slog.NewTextHandler(m, options))
}

// watch shows the node's progress: on a terminal as a line that is always there,
// elsewhere in the log while the node is behind.
func watch(ctx context.Context, progress func() blocksync.Progress, m *meter, log *slog.Logger, people bool) {
	line := m.isTerminal() && people
	every := plainEvery
	if line {
		every = redrawEvery
		defer m.end()
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			p := progress()
			if line {
				m.show(now, "%s", progressLine(p))
			} else if behind(p) {
				log.InfoContext(ctx, "syncing", "blocks", p.BlockHeight, "headers", p.HeaderHeight, "peers", p.Peers,
					"bytes_per_second", int64(p.BytesPerSecond), "eta", p.ETA.Round(time.Second))
			}
		}
	}
}

// behind says whether there is anything to wait for. Without peers the node
// cannot know, and one that mines alone is behind nobody.
func behind(p blocksync.Progress) bool {
	return p.HeaderHeight > p.BlockHeight || (p.Syncing && p.Peers > 0)
}

func progressLine(p blocksync.Progress) string {
	if !behind(p) {
		return fmt.Sprintf("block %d · %s", p.BlockHeight, api.Count(p.Peers, "peer"))
	}
	eta := "unknown"
	if p.ETA > 0 {
		eta = span(p.ETA)
	}
	share := 0.0
	if p.HeaderHeight > 0 {
		share = 100 * float64(p.BlockHeight) / float64(p.HeaderHeight)
	}
	return fmt.Sprintf("block %d of %d (%.1f %%) · %s · %s/s · ETA %s",
		p.BlockHeight, p.HeaderHeight, share, api.Count(p.Peers, "peer"), size(p.BytesPerSecond), eta)
}

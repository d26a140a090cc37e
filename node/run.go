package node

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/api/dashboard"
)

// recoverLine is how often recovery after a crash says how far it is.
const recoverLine = 5 * time.Second

// errStop ends Run when the API asks for it.
var errStop = errors.New("asked to stop")

// Run runs the node until ctx ends, Stop is called or something breaks, and
// returns when everything that it started has ended and is closed.
func (n *Node) Run(ctx context.Context) error {
	err := n.run(ctx)
	if errors.Is(err, errStop) || (ctx.Err() != nil && errors.Is(err, context.Canceled)) {
		err = nil
	}
	n.log.Info("stopping")
	return errors.Join(err, n.Close())
}

func (n *Node) run(ctx context.Context) error {
	if err := n.recover(ctx); err != nil {
		return err
	}
	if err := n.openRelay(ctx); err != nil {
		return err
	}
	if err := n.openFinder(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return n.awaitQuit(ctx) })
	lines := newLogbook(n.log, n.bus, time.Now)
	group.Go(func() error { return lines.Run(ctx) })
	counted := n.bus.Subscribe()
	group.Go(func() error { return n.metrics.follow(ctx, counted) })
	tips := n.bus.Subscribe()
	group.Go(func() error { return n.announceTips(ctx, tips) })
	n.serve(ctx)
	n.relaying.run(ctx, n, group)
	group.Go(func() error { return n.announce.Run(ctx) })
	group.Go(func() error { return n.sync.Run(ctx) })
	group.Go(func() error { return n.peers.Run(ctx) })
	group.Go(func() error { return n.pings.Run(ctx) })
	group.Go(func() error { return n.doorman.Run(ctx) })
	group.Go(func() error { return n.see(ctx) })
	if n.opened != nil {
		if err := n.expose(ctx, group); err != nil {
			n.Stop()
			return errors.Join(err, ignoreStop(group.Wait()))
		}
	}
	group.Go(func() error { return n.keeper.Run(ctx) })
	group.Go(func() error { return n.rotate(ctx) })
	n.find(ctx, group)
	group.Go(func() error { return n.keepBans(ctx) })
	if n.cfg.Mine {
		group.Go(func() error { return n.miner().Run(ctx) })
	}
	close(n.ready)
	n.log.InfoContext(ctx, "node is ready", "network", n.params.Name, "peer_id", n.host.ID(), "height", n.chain.Tip().Height)
	return group.Wait()
}

func ignoreStop(err error) error {
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

func (n *Node) awaitQuit(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.quit:
		return errStop
	}
}

// expose opens the node to the outside: its addresses, its API, its files.
func (n *Node) expose(ctx context.Context, group *errgroup.Group) error {
	if err := listen(ctx, n.host, n.cfg); err != nil {
		return err
	}
	for _, a := range n.Addrs() {
		n.log.InfoContext(ctx, "listening", "addr", a)
	}
	if n.cfg.API != "off" {
		backend, happened := n.backend(), n.bus.Subscribe()
		backend.Feed = dashboard.NewFeed(time.Now())
		group.Go(func() error { return n.tell(ctx, happened, backend.Feed) })
		server, err := api.New(n.cfg.api(), backend, n.log)
		if err != nil {
			return err
		}
		group.Go(func() error { return server.Run(ctx) })
		select {
		case <-ctx.Done():
			return nil // the group knows why
		case <-server.Ready():
		}
		if err := writeAPI(n.cfg.Dir(), server.Addr().String()); err != nil {
			return err
		}
	}
	return writeAddrs(n.cfg.Dir(), n.Addrs())
}

// recover takes back the blocks that a killed process had stored.
func (n *Node) recover(ctx context.Context) error {
	last := time.Now()
	count, err := n.chain.Recover(ctx, func(done, total int) {
		if now := time.Now(); now.Sub(last) >= recoverLine {
			last = now
			n.log.InfoContext(ctx, "taking back stored blocks after a crash", "done", done, "of", total)
		}
	})
	if err != nil {
		return err
	}
	if count > 0 {
		n.log.InfoContext(ctx, "took back stored blocks after a crash", "blocks", count, "height", n.chain.Tip().Height)
	}
	return nil
}

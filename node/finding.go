package node

import (
	"context"
	"fmt"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/discovery"
	"github.com/pappus-network/pappus/discovery/dnsseed"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
)

// openFinder opens the address book and has the finder told of peers.
func (n *Node) openFinder(ctx context.Context) error {
	cfg := discovery.DefaultConfig()
	cfg.Outbound = n.cfg.limits().Outbound
	if len(n.cfg.Connect) > 0 { // the operator wants those and no others
		cfg.Outbound = 0
	}
	allow := addrlist.Public
	if n.cfg.local() {
		cfg.SharedHosts, allow = true, addrlist.Dialable
	}
	client := addresses.NewClient(n.host, n.params, allow)
	f, err := discovery.Open(ctx, cfg, n.host, client, finding{n}, n.store.View("addrbook"), fork(n.secret), allow, n.log)
	if err != nil {
		return fmt.Errorf("open address book: %w", err)
	}
	n.finder = f
	n.addresses = addresses.NewServer(f)
	n.peers.followers = append(n.peers.followers, finderFollower{f})
	n.metrics.gauge("addresses", "Peers in the address book.", func() float64 {
		fresh, tried := f.Len()
		return float64(fresh + tried)
	})
	return nil
}

// find runs the finder until ctx ends.
func (n *Node) find(ctx context.Context, group *errgroup.Group) {
	watch := &network.NotifyBundle{DisconnectedF: func(_ network.Network, c network.Conn) { n.addresses.Forget(c) }}
	group.Go(func() error {
		n.host.Network().Notify(watch)
		defer n.host.Network().StopNotify(watch)
		return n.finder.Run(ctx)
	})
	group.Go(func() error {
		resolver, err := dnsseed.System(n.cfg.DNSServer)
		if err != nil {
			return err
		}
		return n.finder.Seed(ctx, resolver, n.cfg.Seeds, fork(n.secret))
	})
}

// finding is what the finder needs of the node.
type finding struct{ node *Node }

// Refused implements discovery.Peers.
func (f finding) Refused(p peer.ID) bool { return f.node.gater.banned(p) }

// Drop implements discovery.Peers.
func (f finding) Drop(p peer.ID) { f.node.peers.disconnect(p, events.Requested) }

// finderFollower tells the finder of peers.
type finderFollower struct{ finder *discovery.Finder }

// Join implements follower.
func (f finderFollower) Join(p linked) {
	f.finder.Join(discovery.Link{
		Peer: p.id, Addr: p.conn.RemoteMultiaddr(), Inbound: p.inbound, Services: uint64(p.status.Services),
	})
}

// Leave implements follower.
func (f finderFollower) Leave(p peer.ID) { f.finder.Leave(p) }

package node

import (
	"context"
	"fmt"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/pappus-network/pappus/discovery"
	"github.com/pappus-network/pappus/discovery/fixedseeds"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// blockShare is the number of outbound links of which one is for blocks alone: ten have
// two, as Bitcoin Core's do, and a node with few keeps them for transactions.
const blockShare = 5

// openFinder opens the address book and has the finder told of peers.
func (n *Node) openFinder(ctx context.Context) error {
	cfg := discovery.DefaultConfig()
	cfg.Outbound = n.cfg.limits().Outbound
	if len(n.cfg.Connect) > 0 { // the operator wants those and no others
		cfg.Outbound = 0
	}
	cfg.BlockRelay = min(cfg.BlockRelay, cfg.Outbound/blockShare)
	allow := addrlist.Public
	if n.cfg.local() {
		cfg.SharedHosts, allow = true, addrlist.Dialable
	}
	client := addresses.NewClient(n.host, n.params, allow)
	f, err := discovery.Open(ctx, cfg, discovery.Parts{
		Host: n.host, Ask: client, Announce: n.announce, Peers: finding{n}, Store: n.store.View("addrbook"), AS: n.table,
		Src: fork(n.secret), Allow: allow, Emit: n.bus.Emit, Log: n.log,
	})
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

// addressesAsked answers getaddr and tells the finder who wants addresses, and the door
// who has got what it was let in for.
func (n *Node) addressesAsked(ctx context.Context, from peer.ID, request exchange.Message, answer *exchange.Answer) error {
	n.finder.Asked(from)
	err := n.addresses.Handle(ctx, from, request, answer)
	if err == nil && n.addresses.Told(answer.Conn()) {
		n.doorman.told(answer.Conn())
	}
	return err
}

// find runs the finder until ctx ends.
func (n *Node) find(ctx context.Context, group *errgroup.Group) {
	watch := &network.NotifyBundle{DisconnectedF: func(_ network.Network, c network.Conn) { n.addresses.Forget(c) }}
	group.Go(func() error {
		n.host.Network().Notify(watch)
		defer n.host.Network().StopNotify(watch)
		return n.finder.Run(ctx)
	})
	src := fork(n.secret)
	group.Go(func() error { return n.finder.Seed(ctx, n.names, n.cfg.Seeds, src) })
	group.Go(func() error {
		built, err := fixedseeds.Of(n.cfg.Network)
		if err != nil {
			return err
		}
		return n.finder.Fixed(ctx, built, len(n.cfg.Seeds) > 0)
	})
}

// role says what a connection is for, once its handshake is made.
func (n *Node) role(c network.Conn) role {
	p := c.RemotePeer()
	if c.Stat().Direction == network.DirInbound {
		return role{events.Inbound, events.Origin{Source: events.FromThem}}
	}
	if from, kept := n.keeper.source(p); kept {
		return role{events.Manual, events.Origin{Source: from}}
	}
	if n.keeper.dialledOnce(p) {
		return role{events.Manual, events.Origin{Source: events.FromOperator}}
	}
	if kind, chosen := n.finder.Kind(p); chosen {
		return role{kind, n.finder.Origin(p)}
	}
	return role{kind: events.FullRelay} // a test's, or a hole that was punched
}

// blocksOnly says whether the link to a peer, up or coming up, is for blocks alone.
func (n *Node) blocksOnly(p peer.ID) bool {
	kind, chosen := n.finder.Kind(p)
	return chosen && !kind.Transactions()
}

// finding is what the finder needs of the node.
type finding struct{ node *Node }

// Refused implements discovery.Peers.
func (f finding) Refused(p peer.ID) bool { return f.node.gater.banned(p) }

// Drop implements discovery.Peers.
func (f finding) Drop(p peer.ID) { f.node.peers.disconnect(p, events.Spare) }

// finderFollower tells the finder of peers.
type finderFollower struct{ finder *discovery.Finder }

// Join implements follower.
func (f finderFollower) Join(p linked) {
	f.finder.Join(discovery.Link{
		Peer: p.id, Addr: p.conn.RemoteMultiaddr(), Kind: p.kind, Services: uint64(p.status.Services),
	})
}

// Leave implements follower.
func (f finderFollower) Leave(p peer.ID) { f.finder.Leave(p) }

package node

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery/slots"
	"github.com/pappus-network/pappus/events"
)

// rotate has outbound links make way for others until ctx ends.
func (n *Node) rotate(ctx context.Context) error {
	cfg := slots.DefaultConfig()
	cfg.Mean = n.cfg.Rotate
	rotation := slots.NewRotation(cfg, fork(n.secret), time.Now())
	ups := n.bus.Subscribe()
	defer ups.Close()
	var dials sync.WaitGroup
	defer dials.Wait()
	for {
		next := rotation.Next()
		if next.IsZero() {
			<-ctx.Done()
			return nil
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		case e := <-ups.C:
			timer.Stop()
			if up, ok := e.(events.PeerUp); !ok || up.Inbound {
				continue
			}
		}
		n.turn(ctx, &dials, rotation.Tick(time.Now(), n.outbound(), n.candidates()))
	}
}

// turn carries out what the rotation says.
func (n *Node) turn(ctx context.Context, dials *sync.WaitGroup, actions []slots.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case slots.Dial:
			// The outcome shows as a peer that is up, or not. It ends with the dial or ctx.
			dials.Go(func() {
				ctx, cancel := context.WithTimeout(network.WithForceDirectDial(ctx, "rotation"), dialTimeout)
				defer cancel()
				if err := n.host.Connect(ctx, peer.AddrInfo{ID: a.Peer}); err != nil && ctx.Err() == nil {
					n.log.DebugContext(ctx, "no link to rotate to", "peer", a.Peer, "err", err)
				}
			})
		case slots.Drop:
			n.peers.disconnect(a.Peer, events.Rotated)
		}
	}
}

// outbound returns the links that this node opened.
func (n *Node) outbound() []slots.Link {
	named := make(map[peer.ID]bool)
	for _, info := range n.keeper.Kept() {
		named[info.ID] = true
	}
	var all []slots.Link
	for _, l := range n.peers.list() {
		if !l.inbound {
			all = append(all, slots.Link{Peer: l.id, Since: l.since, Protected: named[l.id]})
		}
	}
	return all
}

// candidates returns peers whose addresses are known and that are not linked. With
// --connect there are none: the operator wants those and no others.
func (n *Node) candidates() []peer.ID {
	if len(n.cfg.Connect) > 0 {
		return nil
	}
	var all []peer.ID
	for _, p := range n.host.Peerstore().PeersWithAddrs() {
		if p != n.host.ID() && n.host.Network().Connectedness(p) == network.NotConnected && !n.gater.banned(p) {
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return all
}

package node

import (
	"context"
	"time"

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
		for _, a := range rotation.Tick(time.Now(), n.outbound(), n.candidates()) {
			switch a := a.(type) {
			case slots.Dial:
				n.finder.Dial(a.Peer) // the outcome shows as a peer that is up, or not
			case slots.Drop:
				n.peers.disconnect(a.Peer, events.Rotated)
			}
		}
	}
}

// outbound returns the links that this node opened.
func (n *Node) outbound() []slots.Link {
	var all []slots.Link
	for _, l := range n.peers.list() {
		if l.inbound || l.kind == events.Feeler {
			continue
		}
		stays := l.kind != events.FullRelay || n.keeper.keeps(l.id)
		all = append(all, slots.Link{Peer: l.id, Since: l.since, Protected: stays})
	}
	return all
}

// candidates returns a peer of the address book that could take a link's place, drawn as for
// any other link. With --connect there is none: the operator wants those and no others.
func (n *Node) candidates() []peer.ID {
	if len(n.cfg.Connect) > 0 {
		return nil
	}
	if p, ok := n.finder.Another(); ok {
		return []peer.ID{p}
	}
	return nil
}

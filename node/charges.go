package node

import (
	"errors"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/discovery/reputation"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// charge applies the policy to what a package reports of a peer.
func (n *Node) charge(p peer.ID, err error) {
	if err == nil {
		return
	}
	reason := exchange.ReasonOf(err)
	if reason == "" || reason == events.Disconnected || reason == events.Stopping {
		return // the connection ended; its own event says so
	}
	if reason == events.Internal {
		n.log.Debug("error of our own while serving a peer", "peer", p, "err", err)
		return
	}
	n.bus.Emit(events.Charged{Peer: p, Reason: reason, Err: err})
	charged, _ := errors.AsType[*exchange.PeerError](err)
	cost, banned := n.gater.charge(n.party(p), reason, charged != nil && charged.Ban)
	for _, s := range banned {
		n.bus.Emit(events.Banned{Subject: s.String(), Reason: reason, Until: n.gater.now().Add(reputation.BanTime)})
		if s.Net.IsValid() {
			n.expel(s, reason)
		}
	}
	if cost > reputation.Forgive {
		n.peers.disconnect(p, reason)
	}
}

// party returns a peer with the address that it is linked from, if it still is.
func (n *Node) party(p peer.ID) reputation.Party {
	who := reputation.Party{Peer: p}
	if conns := n.host.Network().ConnsToPeer(p); len(conns) > 0 {
		who.IP = netgroup.IPOf(conns[0].RemoteMultiaddr())
	}
	return who
}

// expel lets go of all peers in a net, but for those that the operator named.
func (n *Node) expel(s reputation.Subject, reason events.Reason) {
	named := make(map[peer.ID]bool)
	for _, info := range n.keeper.Kept() {
		named[info.ID] = true
	}
	for _, c := range n.host.Network().Conns() {
		if p := c.RemotePeer(); s.Net.Contains(netgroup.IPOf(c.RemoteMultiaddr())) && !named[p] {
			n.peers.disconnect(p, reason)
		}
	}
}

package node

import (
	"errors"

	"github.com/libp2p/go-libp2p/core/peer"

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
	verdict := reputation.PenaltyOf(reason)
	var charged *exchange.PeerError
	if errors.As(err, &charged) && charged.Ban {
		verdict = reputation.Ban
	}
	switch verdict {
	case reputation.Forgive:
	case reputation.Disconnect:
		n.peers.disconnect(p, reason)
	case reputation.Ban:
		n.gater.ban(p)
		n.peers.disconnect(p, reason)
	}
}

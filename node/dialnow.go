package node

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery"
)

// dialTimeout bounds one attempt: TCP's and TLS's round trips on a slow
// link with one retransmission. Source: libp2p's own dial time-out is 15 s
// an address.
const dialTimeout = 20 * time.Second

// dialNow dials a peer that the operator named, however lately it could not be reached:
// the pause between attempts is ours or his, and the swarm's own would refuse some. A
// dial that has met the peer's is tried again, by the side whose id is lower; to the
// other it is an error, and then a link that it has not dialled.
func dialNow(ctx context.Context, h host.Host, info peer.AddrInfo) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	err := dialOnce(ctx, h, info)
	if discovery.Crossed(err) && h.ID() < info.ID {
		return dialOnce(ctx, h, info)
	}
	return err
}

func dialOnce(ctx context.Context, h host.Host, info peer.AddrInfo) error {
	discovery.ClearBackoff(h, info.ID)
	return h.Connect(ctx, info)
}

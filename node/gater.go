package node

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/reputation"
)

// gater refuses connections with banned peers. It is safe for concurrent use.
type gater struct {
	now func() time.Time

	mu   sync.Mutex
	bans *reputation.Bans
}

// newGater returns a gater that never bans the spared: the peers that the
// operator named.
func newGater(now func() time.Time, spare []peer.AddrInfo) *gater {
	ids := make([]peer.ID, len(spare))
	for i, info := range spare {
		ids[i] = info.ID
	}
	return &gater{now: now, bans: reputation.NewBans(ids)}
}

// ban keeps a peer out and says whether it does.
func (g *gater) ban(p peer.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bans.Ban(g.now(), p)
}

func (g *gater) banned(p peer.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bans.Banned(g.now(), p)
}

// InterceptPeerDial implements connmgr.ConnectionGater.
func (g *gater) InterceptPeerDial(p peer.ID) bool { return !g.banned(p) }

// InterceptAddrDial implements connmgr.ConnectionGater.
func (g *gater) InterceptAddrDial(peer.ID, multiaddr.Multiaddr) bool { return true }

// InterceptAccept implements connmgr.ConnectionGater: the peer is not known yet.
func (g *gater) InterceptAccept(network.ConnMultiaddrs) bool { return true }

// InterceptSecured implements connmgr.ConnectionGater.
func (g *gater) InterceptSecured(_ network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	return !g.banned(p)
}

// InterceptUpgraded implements connmgr.ConnectionGater.
func (g *gater) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }

package node

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// banTime is how long a peer that broke a rule no honest peer breaks stays
// out. Source: Bitcoin Core's default for -bantime.
const banTime = 24 * time.Hour

// maxBans bounds the memory that an attacker with many identities can take:
// 10,000 × ~100 bytes ≈ 1 MB. The oldest ban gives way.
const maxBans = 10_000

// gater refuses connections with banned peers. It is safe for concurrent use.
type gater struct {
	now func() time.Time

	mu    sync.Mutex
	until map[peer.ID]time.Time
	order []peer.ID // oldest first
	spare map[peer.ID]struct{}
}

// newGater returns a gater that never bans the spared: the peers that the
// operator named.
func newGater(now func() time.Time, spare []peer.AddrInfo) *gater {
	g := &gater{now: now, until: make(map[peer.ID]time.Time), spare: make(map[peer.ID]struct{})}
	for _, info := range spare {
		g.spare[info.ID] = struct{}{}
	}
	return g
}

// ban keeps a peer out for banTime and says whether it does.
func (g *gater) ban(p peer.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.spare[p]; ok {
		return false
	}
	if _, again := g.until[p]; !again {
		if len(g.order) >= maxBans {
			delete(g.until, g.order[0])
			g.order = g.order[1:]
		}
		g.order = append(g.order, p)
	}
	g.until[p] = g.now().Add(banTime)
	return true
}

func (g *gater) banned(p peer.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	until, ok := g.until[p]
	return ok && g.now().Before(until)
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

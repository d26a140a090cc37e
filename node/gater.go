package node

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/discovery/reputation"
	"github.com/pappus-network/pappus/events"
)

// gater refuses connections with who is banned. It is safe for concurrent use.
type gater struct {
	now  func() time.Time
	shut atomic.Bool // nobody at all, by the operator's word
	// refuse keeps out peers that are not banned; nil = nobody.
	refuse atomic.Pointer[func(peer.ID) bool]

	allowed map[peer.ID]bool // nil = everybody; not changed any more

	mu     sync.Mutex
	ledger *reputation.Ledger
}

func newGater(now func() time.Time, ledger *reputation.Ledger) *gater {
	return &gater{now: now, ledger: ledger}
}

// charge books a broken rule and says what it costs and who is banned for it.
func (g *gater) charge(who reputation.Party, reason events.Reason, hard bool) (reputation.Penalty, []reputation.Subject) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ledger.Charge(g.now(), who, reason, hard)
}

// admits says whether a closed network has a peer.
func (g *gater) admits(p peer.ID) bool { return g.allowed == nil || g.allowed[p] }

// banned says whether a peer is kept out, wherever it is.
func (g *gater) banned(p peer.ID) bool {
	if refuse := g.refuse.Load(); refuse != nil && (*refuse)(p) {
		return true
	}
	if !g.admits(p) {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	_, hit := g.ledger.Banned(g.now(), p)
	return hit
}

// bannedAt says whether an address is kept out.
func (g *gater) bannedAt(a multiaddr.Multiaddr) bool {
	ip := netgroup.IPOf(a)
	g.mu.Lock()
	defer g.mu.Unlock()
	_, hit := g.ledger.BannedIP(g.now(), ip)
	return hit
}

// account returns what is held against a peer.
func (g *gater) account(p peer.ID) reputation.Account {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ledger.Why(g.now(), reputation.OfPeer(p))
}

func (g *gater) spares(p peer.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ledger.Spared(p)
}

// ban keeps a subject out by the operator's word, unless that is given already.
func (g *gater) ban(s reputation.Subject, until time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if old, held := g.ledger.Held(now, s); held && old.Manual {
		return api.ErrBanned
	}
	if err := g.ledger.Ban(now, s, until); err != nil {
		return fmt.Errorf("%w: %w", api.ErrFull, err)
	}
	return nil
}

// unban lifts a ban and says whether there was one.
func (g *gater) unban(s reputation.Subject) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, held := g.ledger.Held(g.now(), s)
	return g.ledger.Unban(s) && held
}

// bans returns all that are in force.
func (g *gater) bans() []reputation.Ban {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ledger.Bans(g.now())
}

// why returns what is held against a subject, and from how many points on it is banned.
func (g *gater) why(s reputation.Subject) (account reputation.Account, limit float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	account = g.ledger.Why(now, s)
	if ban, held := g.ledger.Held(now, s); held {
		account.Ban = &ban // of a subnet itself, not of its first address
	}
	return account, g.ledger.Limit(s)
}

// changes returns what is to be stored.
func (g *gater) changes(most int) []reputation.Record {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ledger.Changes(most)
}

// InterceptPeerDial implements connmgr.ConnectionGater.
func (g *gater) InterceptPeerDial(p peer.ID) bool { return !g.shut.Load() && !g.banned(p) }

// InterceptAddrDial implements connmgr.ConnectionGater. A peer that the operator named
// may share its host with others.
func (g *gater) InterceptAddrDial(p peer.ID, a multiaddr.Multiaddr) bool {
	return !g.bannedAt(a) || g.spares(p)
}

// InterceptAccept implements connmgr.ConnectionGater: the peer is not known yet.
func (g *gater) InterceptAccept(c network.ConnMultiaddrs) bool {
	return !g.shut.Load() && !g.bannedAt(c.RemoteMultiaddr())
}

// InterceptSecured implements connmgr.ConnectionGater.
func (g *gater) InterceptSecured(_ network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	return !g.banned(p)
}

// InterceptUpgraded implements connmgr.ConnectionGater.
func (g *gater) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }

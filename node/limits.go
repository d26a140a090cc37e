package node

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/x/rate"
)

const (
	// streamsPerPeer is how many streams a peer has open at a time: announcements, stem
	// and gossip both ways, and requests. Source: libp2p allows 1,024 to 64 connections.
	streamsPerPeer = 16
	// windowBytes is what yamux reserves for a stream: the first window of its reader.
	windowBytes = 256 << 10
	// peerBytes is what a peer's streams reserve, 4 MiB; most of it is never touched.
	peerBytes = streamsPerPeer * windowBytes
	// spareBytes is for handshakes, dials, and windows that grow while blocks come.
	spareBytes = 64 << 20
	// feelers is how many links at a time test an address and end.
	feelers = 1
	// fewHandshakes and manyHandshakes bound how many inbound handshakes may be under
	// way, 15 s each at most: a quarter of the slots.
	fewHandshakes, manyHandshakes = 16, 64
	// dialsUnderWay is how many dials there may be: four of discovery's and as many of
	// the operator's, of up to eight addresses each, by which libp2p bounds one.
	dialsUnderWay = 64
	// perPeer is how many inbound connections one peer may have. libp2p's default is 8.
	perPeer = 2
	// perHost is how many connections one address may have, and perHostRate how many new
	// ones a second after a burst. Source: libp2p's defaults, as IPv4 /32 and IPv6 /56;
	// an IPv6 /48 has eight times as many, at 0.5 a second.
	perHost      = 8
	perHostRate  = 0.2
	perHostBurst = 2 * perHost
	perSiteRate  = 0.5
)

// limits are what bounds a node's connections, from two settings, --max-peers and
// --max-memory. Our own slots are below the resource manager's limits, which refuses
// and never makes room; the connection manager's lie above both and are a safety net.
type limits struct {
	Outbound   int   // of the node's own choice
	Named      int   // peers that the operator named
	Inbound    int   // slots
	Handshakes int   // inbound, under way
	Memory     int64 // bytes that libp2p may reserve

	fewer bool // slots than --max-peers allows, for want of memory
	local bool // a private network: hosts are not told apart
}

// limits computes them.
func (c Config) limits() limits {
	l := limits{Named: len(c.Connect) + len(c.AddNode), local: c.local()}
	if len(c.Connect) == 0 {
		l.Outbound = min(c.Outbound, max(1, c.MaxPeers-feelers))
	}
	own := l.Outbound + l.Named
	if l.Outbound > 0 {
		own += feelers
	}
	l.Inbound = max(0, c.MaxPeers-own)
	l.Memory = int64(own+l.Inbound)*peerBytes + spareBytes
	if c.MaxMemoryMiB > 0 {
		l.Memory = int64(c.MaxMemoryMiB) << 20
		if most := int((l.Memory - spareBytes) / peerBytes); own+l.Inbound > most {
			l.Inbound, l.fewer = max(0, most-own), true
		}
	}
	l.Handshakes = min(max(l.Inbound/4, fewHandshakes), manyHandshakes)
	return l
}

// peers is how many there may be at a time.
func (l limits) peers() int { return l.Outbound + l.Named + l.Inbound + feelers }

// low and high are the connection manager's: above high it lets go of connections down
// to low, so that it never does as long as our own slots hold.
func (l limits) low() int  { return l.peers() + l.Handshakes }
func (l limits) high() int { return l.connsIn() + l.connsOut() }

// connsIn and connsOut are the resource manager's. A peer may have perPeer connections
// inbound, so that one whose old connection is dead without our knowing comes back.
func (l limits) connsIn() int  { return perPeer*(l.Inbound+l.Named) + l.Handshakes }
func (l limits) connsOut() int { return l.Outbound + l.Named + feelers + dialsUnderWay }

// conns are those both ways: what lies beyond inbound ones cannot be taken by them.
func (l limits) conns() int { return l.connsIn() + l.connsOut() }

// streams are the resource manager's, each way.
func (l limits) streams() int { return streamsPerPeer * l.conns() }

// resources returns libp2p's limits, as libp2p has them but for what follows from ours.
func (l limits) resources() rcmgr.ConcreteLimitConfig {
	ours := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			ConnsInbound: rcmgr.LimitVal(l.connsIn()), ConnsOutbound: rcmgr.LimitVal(l.connsOut()), Conns: rcmgr.LimitVal(l.conns()),
			StreamsInbound: rcmgr.LimitVal(l.streams()), StreamsOutbound: rcmgr.LimitVal(l.streams()), Streams: rcmgr.LimitVal(2 * l.streams()),
			Memory: rcmgr.LimitVal64(l.Memory), FD: rcmgr.LimitVal(l.conns()),
		},
		Transient: rcmgr.ResourceLimits{
			ConnsInbound: rcmgr.LimitVal(l.Handshakes), ConnsOutbound: dialsUnderWay, Conns: rcmgr.LimitVal(l.Handshakes + dialsUnderWay),
			FD: rcmgr.LimitVal(l.Handshakes + dialsUnderWay), Memory: spareBytes,
		},
		PeerDefault: rcmgr.ResourceLimits{ConnsInbound: perPeer, Memory: rcmgr.LimitVal64(min(64<<20, l.Memory/4))},
	}
	return ours.Build(rcmgr.DefaultLimits.Scale(l.Memory, l.conns()))
}

// manager returns the resource manager.
func (l limits) manager() (network.ResourceManager, error) {
	m, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(l.resources()),
		rcmgr.WithNetworkPrefixLimit(l.unbounded()), rcmgr.WithConnRateLimiters(l.rates()))
	if err != nil {
		return nil, fmt.Errorf("make resource manager: %w", err)
	}
	return m, nil
}

// exempt are the networks whose addresses do not tell hosts apart: this machine, and
// on a private network all that are private.
func (l limits) exempt() []netip.Prefix {
	nets := []string{"127.0.0.0/8", "::1/128"}
	if l.local {
		nets = append(nets, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
	}
	all := make([]netip.Prefix, len(nets))
	for i, n := range nets {
		all[i] = netip.MustParsePrefix(n)
	}
	return all
}

// unbounded lifts the limit of connections to a host in the exempt networks.
func (l limits) unbounded() (ip4, ip6 []rcmgr.NetworkPrefixLimit) {
	for _, p := range l.exempt() {
		limit := rcmgr.NetworkPrefixLimit{Network: p, ConnCount: l.conns()}
		if p.Addr().Is4() {
			ip4 = append(ip4, limit)
		} else {
			ip6 = append(ip6, limit)
		}
	}
	return ip4, ip6
}

// rates are how many connections a second one host may open.
func (l limits) rates() *rate.Limiter {
	host := rate.Limit{RPS: perHostRate, Burst: perHostBurst}
	r := &rate.Limiter{SubnetRateLimiter: rate.SubnetLimiter{
		IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: host}},
		IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 56, Limit: host}, {PrefixLength: 48, Limit: rate.Limit{RPS: perSiteRate, Burst: 5 * perHostBurst}}},
		GracePeriod:      time.Minute,
	}}
	for _, p := range l.exempt() {
		r.NetworkPrefixLimits = append(r.NetworkPrefixLimits, rate.PrefixLimit{Prefix: p})
	}
	return r
}

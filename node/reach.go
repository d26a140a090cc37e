package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/autorelay"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/pappus-network/pappus/api"
)

// How a node learns its own address (mechanism 37), all of it libp2p's: peers say in
// identify from where they see it dial, and four of distinct networks must agree; with
// AutoNAT v2 it then asks peers to dial it back there, and does as much for them. An
// operator who knows better says so with --external.

// validateReach checks the settings that say how the node is reached.
func (c Config) validateReach() error {
	for _, s := range c.External {
		a, err := multiaddr.NewMultiaddr(s)
		if err != nil {
			return fmt.Errorf("external %q is not a multiaddr (%w): write it like /ip4/192.0.2.1/tcp/8477", s, err)
		}
		if _, err := a.ValueForProtocol(multiaddr.P_P2P); err == nil {
			return fmt.Errorf("external %q ends in a peer id: leave it out", s)
		}
		if !c.local() && !manet.IsPublicAddr(a) {
			return fmt.Errorf("external %q is no public address: nobody reaches it on %s", s, c.Network)
		}
	}
	_, err := parsePeers("relay", c.Relays)
	return err
}

// reach are libp2p's options for it. Nodes that nobody can dial may name relays, over
// which a direct connection is begun by punching a hole; nothing else goes through them.
func (c Config) reach(probes bool) libp2p.Option {
	var options []libp2p.Option
	switch {
	case len(c.Relays) > 0: // which says that nobody can dial the node
		relays, _ := parsePeers("relay", c.Relays) // validated
		options = append(options, libp2p.EnableRelay(), libp2p.EnableHolePunching(), libp2p.ForceReachabilityPrivate(),
			libp2p.EnableAutoRelayWithStaticRelays(relays, autorelay.WithNumRelays(len(relays))))
	case c.dialsRelays():
		options = append(options, libp2p.EnableRelay(), libp2p.EnableHolePunching())
	default:
		options = append(options, libp2p.DisableRelay())
	}
	if c.UPnP {
		options = append(options, libp2p.NATPortMap())
	}
	var external []multiaddr.Multiaddr
	for _, s := range c.External {
		if a, err := multiaddr.NewMultiaddr(s); err == nil { // validated
			external = append(external, a)
		}
	}
	if len(external) > 0 {
		options = append(options, libp2p.AddrsFactory(func(found []multiaddr.Multiaddr) []multiaddr.Multiaddr {
			return multiaddr.Unique(append(slices.Clone(external), found...))
		}))
	}
	if len(external) > 0 || !probes {
		options = append(options, libp2p.DisableIdentifyAddressDiscovery())
	}
	// Those who dial back do so under an id of the moment, which no list of peers has.
	if probes && !c.listed() {
		options = append(options, libp2p.EnableAutoNATv2())
	}
	return libp2p.ChainOptions(options...)
}

// dialsRelays says whether a peer is named that is to be met over a relay.
func (c Config) dialsRelays() bool {
	return slices.ContainsFunc(slices.Concat(c.Connect, c.AddNode), func(s string) bool { return strings.Contains(s, "/p2p-circuit") })
}

// relayIDs returns the relays that the settings name. They are no peers of the network:
// nobody shakes hands with them.
func (c Config) relayIDs() map[peer.ID]bool {
	all := make(map[peer.ID]bool)
	for _, s := range c.Relays {
		if info, err := peer.AddrInfoFromString(s); err == nil { // validated
			all[info.ID] = true
		}
	}
	for _, s := range slices.Concat(c.Connect, c.AddNode) {
		before, _, over := strings.Cut(s, "/p2p-circuit")
		if info, err := peer.AddrInfoFromString(before); over && err == nil {
			all[info.ID] = true
		}
	}
	return all
}

// mirror knows what others say of the node's addresses. It is safe for concurrent use.
type mirror struct {
	mu        sync.Mutex
	observed  map[peer.ID]multiaddr.Multiaddr // by connected peers
	reachable []multiaddr.Multiaddr           // dialled back with success,
	failed    []multiaddr.Multiaddr           // in vain
	unknown   []multiaddr.Multiaddr           // not yet
}

// see follows what libp2p finds out until ctx ends.
func (n *Node) see(ctx context.Context) error {
	sub, err := n.host.EventBus().Subscribe([]any{new(event.EvtPeerIdentificationCompleted), new(event.EvtHostReachableAddrsChanged)})
	if err != nil {
		return fmt.Errorf("follow identify: %w", err)
	}
	defer sub.Close() //nolint:errcheck // it cannot fail but by being closed
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-sub.Out():
			n.mirror.take(e)
		}
	}
}

// maxObserved bounds what is remembered of peers that went without a handshake.
const maxObserved = 1024

func (m *mirror) take(e any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e := e.(type) {
	case event.EvtPeerIdentificationCompleted:
		if e.ObservedAddr != nil && len(m.observed) < maxObserved {
			if m.observed == nil {
				m.observed = make(map[peer.ID]multiaddr.Multiaddr)
			}
			m.observed[e.Peer] = e.ObservedAddr
		}
	case event.EvtHostReachableAddrsChanged:
		m.reachable, m.failed, m.unknown = e.Reachable, e.Unreachable, e.Unknown
	}
}

// forget drops what a peer said that has left.
func (m *mirror) forget(p peer.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.observed, p)
}

// of returns our address as a peer sees it, nil if it has not said.
func (m *mirror) of(p peer.ID) multiaddr.Multiaddr {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.observed[p]
}

// reachability judges by what peers have shown, and says why.
func (n *Node) reachability() api.Reach {
	m := &n.mirror
	m.mu.Lock()
	v := evidence{
		reachable: m.reachable, failed: m.failed, unknown: m.unknown, observed: len(m.observed),
		upnp: n.cfg.UPnP, listening: len(n.host.Network().ListenAddresses()), listed: n.cfg.listed(), private: n.cfg.local(),
	}
	m.mu.Unlock()
	for _, s := range n.cfg.External {
		if a, err := multiaddr.NewMultiaddr(s); err == nil { // validated
			v.external = append(v.external, a)
		}
	}
	for _, l := range n.peers.list() {
		if l.inbound && (manet.IsPublicAddr(l.conn.RemoteMultiaddr()) || v.private) {
			v.inbound++
		}
	}
	return v.judge()
}

// evidence is what is known of how others reach the node.
type evidence struct {
	external, reachable, failed, unknown []multiaddr.Multiaddr

	observed  int // peers that said from where they see us
	inbound   int // peers from outside that have dialled us
	listening int // addresses listened on
	upnp      bool
	listed    bool
	private   bool // the network is: every address counts
}

// The verdicts.
const (
	reached    = "reachable"
	notReached = "unreachable"
	noVerdict  = "unknown"
)

// judge returns the verdict with its reasons, the weightiest first.
func (v evidence) judge() api.Reach {
	r := api.Reach{Verdict: noVerdict}
	why := func(format string, args ...any) { r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...)) }
	for _, a := range v.external {
		r.Addrs = append(r.Addrs, api.OwnAddr{Addr: a, Source: "external", State: v.state(a)})
	}
	for _, list := range [][]multiaddr.Multiaddr{v.reachable, v.failed, v.unknown} {
		for _, a := range list {
			if !multiaddr.Contains(v.external, a) {
				r.Addrs = append(r.Addrs, api.OwnAddr{Addr: a, Source: "observed", State: v.state(a)})
			}
		}
	}
	if len(v.reachable) > 0 {
		r.Verdict = reached
		why("peers have dialled back to %s", join(v.reachable))
	}
	if v.inbound > 0 {
		r.Verdict = reached
		why("%s dialled this node", have(v.inbound))
	}
	if v.listening == 0 {
		r.Verdict = notReached
		why("it listens on no address")
		return r
	}
	if len(v.failed) > 0 {
		if r.Verdict == noVerdict {
			r.Verdict = notReached
		}
		why("peers could not dial back to %s: forward the port in the router (or --upnp), or let it through the firewall", join(v.failed))
	}
	if r.Verdict != noVerdict {
		return r
	}
	switch {
	case v.listed:
		why("with a list of peers nobody is asked to dial back")
	case len(v.external) > 0:
		why("you have named %s, and no peer has dialled back there yet", join(v.external))
	case len(v.unknown) > 0:
		why("no peer has dialled back to %s yet", join(v.unknown))
	default:
		why("no public address is known: %s said from where they see this node, and four of distinct networks must agree (or say so with --external)", have(v.observed))
	}
	return r
}

// have writes that so many peers have done something.
func have(peers int) string {
	if peers == 1 {
		return "1 peer has"
	}
	return api.Count(peers, "peer") + " have"
}

// state says what dialling back to an address has shown.
func (v evidence) state(a multiaddr.Multiaddr) string {
	switch {
	case multiaddr.Contains(v.reachable, a):
		return reached
	case multiaddr.Contains(v.failed, a):
		return notReached
	}
	return noVerdict
}

func join(addrs []multiaddr.Multiaddr) string {
	text := make([]string, len(addrs))
	for i, a := range addrs {
		text[i] = a.String()
	}
	return strings.Join(text, ", ")
}

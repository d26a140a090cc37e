package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/internal/testhost"
)

// relayAt makes a relay at the i-th address: another's program, plain libp2p.
func relayAt(t *testing.T, net *testhost.Net, i int) string {
	t.Helper()
	listen, at := net.Plug(t, i)
	h, err := libp2p.New(at, libp2p.ListenAddrs(listen), libp2p.EnableRelay(), libp2p.EnableRelayService(), libp2p.ForceReachabilityPublic(),
		libp2p.ResourceManager(&network.NullResourceManager{}), libp2p.DisableIdentifyAddressDiscovery(), libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	all, err := peer.AddrInfoToP2pAddrs(&peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()})
	if err != nil {
		t.Fatal(err)
	}
	return all[0].String()
}

// linkedDirectly says whether a node has a peer, over no relay.
func linkedDirectly(n *Node, p peer.ID) bool {
	for _, l := range n.peers.list() {
		if l.id == p && !l.conn.Stat().Limited {
			return true
		}
	}
	return false
}

// Two nodes, each behind a router that lets in nobody whom it has not written to, meet
// over a relay and are linked directly within two minutes, a quarter of one as a rule.
func TestNodesBehindRoutersMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))) // after genesis
		net := testhost.NewNet(t, 0, 30*time.Millisecond)
		relay := relayAt(t, net, 0)
		net.Guard(1)
		net.Guard(2)
		cfg := DefaultConfig()
		cfg.Network, cfg.API, cfg.Rotate, cfg.Outbound = "regtest", "off", 0, 0
		hidden := cfg
		hidden.Relays = []string{relay}
		n := target(t, net, 1, hidden)
		time.Sleep(30 * time.Second) // it books a place with the relay
		direct := cfg
		direct.AddNode = []string{n.Host().Network().ListenAddresses()[0].String() + "/p2p/" + n.Host().ID().String()}
		through := cfg
		through.AddNode = []string{relay + "/p2p-circuit/p2p/" + n.Host().ID().String()}
		m := target(t, net, 2, through)
		begun := time.Now()
		for !linkedDirectly(m, n.Host().ID()) {
			if time.Since(begun) > 2*time.Minute {
				t.Fatalf("no direct link: %v", m.host.Network().Conns())
			}
			time.Sleep(time.Second)
		}
		// Without the relay nobody gets through.
		net.Guard(3)
		other := target(t, net, 3, direct)
		time.Sleep(time.Minute)
		if all, _ := other.peers.count(); all != 0 {
			t.Error("the router keeps nobody out")
		}
	})
}

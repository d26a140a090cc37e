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

// Two nodes, each behind a router that lets in nobody whom it has not written to, meet
// over a relay and are linked directly half a minute later.
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
		time.Sleep(30 * time.Second)
		if all, _ := m.peers.count(); all != 1 {
			t.Fatalf("%d peers: %v", all, m.host.Network().Conns())
		}
		l := m.peers.list()[0]
		if l.id != n.Host().ID() || l.conn.Stat().Limited {
			t.Errorf("linked with %s over %s", l.id, l.conn.RemoteMultiaddr())
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

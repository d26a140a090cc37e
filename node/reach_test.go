package node

import (
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/multiformats/go-multiaddr"
)

func addrs(text ...string) (all []multiaddr.Multiaddr) {
	for _, s := range text {
		all = append(all, multiaddr.StringCast(s))
	}
	return all
}

func TestVerdictOnReachability(t *testing.T) {
	const tcp, quic = "/ip4/9.9.9.9/tcp/8477", "/ip4/9.9.9.9/udp/8477/quic-v1"
	for _, c := range []struct {
		name     string
		evidence evidence
		verdict  string
		says     string // the first reason
	}{
		{"a peer has dialled back", evidence{listening: 1, reachable: addrs(tcp)}, reached, "dialled back to " + tcp},
		{"peers have dialled", evidence{listening: 1, inbound: 3}, reached, "3 peers"},
		{"dialled back by one transport only", evidence{listening: 1, reachable: addrs(tcp), failed: addrs(quic)}, reached, "dialled back to " + tcp},
		{"nobody gets through", evidence{listening: 1, failed: addrs(tcp)}, notReached, "forward the port"},
		{"does not listen", evidence{failed: addrs(tcp)}, notReached, "listens on no address"},
		{"an address, not tried", evidence{listening: 1, unknown: addrs(tcp)}, noVerdict, "no peer has dialled back to " + tcp},
		{"named, not tried", evidence{listening: 1, external: addrs(tcp)}, noVerdict, "you have named " + tcp},
		{"a list of peers", evidence{listening: 1, listed: true}, noVerdict, "list of peers"},
		{"nothing", evidence{listening: 1, observed: 2}, noVerdict, "2 peers have said"},
	} {
		r := c.evidence.judge()
		if r.Verdict != c.verdict || len(r.Reasons) == 0 || !strings.Contains(r.Reasons[0], c.says) {
			t.Errorf("%s: %s because %q", c.name, r.Verdict, r.Reasons)
		}
	}
	r := evidence{listening: 1, external: addrs(tcp), reachable: addrs(tcp), failed: addrs(quic)}.judge()
	if len(r.Addrs) != 2 || r.Addrs[0].Source != "external" || r.Addrs[0].State != reached || r.Addrs[1].State != notReached {
		t.Errorf("addresses %+v", r.Addrs)
	}
}

func TestExternalAddressesAreChecked(t *testing.T) {
	for addr, says := range map[string]string{
		"nonsense":               "not a multiaddr",
		"/ip4/192.168.1.1/tcp/1": "no public address",
		"/ip4/9.9.9.9/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN": "leave it out",
	} {
		cfg := DefaultConfig()
		cfg.External = []string{addr}
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", addr, err)
		}
	}
	cfg := DefaultConfig()
	cfg.External, cfg.UPnP = []string{"/ip4/9.9.9.9/tcp/8477", "/dns4/node.example.org/tcp/8477"}, true
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	cfg.Relays = []string{"/ip4/9.9.9.9/tcp/1"}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "lacks the peer's id") {
		t.Errorf("a relay without an id: %v", err)
	}
}

// What the operator names is what peers are told, and what identify signs.
func TestExternalAddressIsTold(t *testing.T) {
	const named = "/ip4/9.9.9.9/tcp/8477"
	node, peer := gated(t, nil, nil, named), gated(t, nil, nil)
	if err := dialled(t, peer, node); err != nil {
		t.Fatal(err)
	}
	if told := peer.Peerstore().Addrs(node.ID()); !multiaddr.Contains(told, multiaddr.StringCast(named)) {
		t.Errorf("a peer is told %v", told)
	}
}

func TestMirrorForgetsPeersThatLeft(t *testing.T) {
	var m mirror
	m.take(event.EvtPeerIdentificationCompleted{Peer: "a", ObservedAddr: multiaddr.StringCast("/ip4/9.9.9.9/tcp/1")})
	if got := m.of("a"); got == nil || got.String() != "/ip4/9.9.9.9/tcp/1" {
		t.Errorf("as a peer sees it: %v", got)
	}
	m.forget("a")
	if m.of("a") != nil {
		t.Error("it is remembered when the peer has left")
	}
}

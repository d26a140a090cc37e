package node

import (
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/discovery/reputation"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/store"
)

// arriving is a connection of which only the address is known yet.
type arriving struct{ network.ConnMultiaddrs }

func (arriving) RemoteMultiaddr() multiaddr.Multiaddr {
	return multiaddr.StringCast("/ip4/9.8.7.6/udp/1234/quic-v1")
}

func TestBannedHostsAreRefused(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := newGater(func() time.Time { return now }, reputation.New(reputation.DefaultConfig(), []peer.ID{"friend"}))
	host, other := multiaddr.StringCast("/ip4/9.8.7.6/tcp/8477"), multiaddr.StringCast("/ip4/9.8.7.5/tcp/8477")
	for _, p := range []peer.ID{"a", "b"} {
		if !g.InterceptAccept(arriving{}) || !g.InterceptAddrDial("c", host) {
			t.Fatal("a host is refused before two of its ids are banned")
		}
		g.charge(reputation.Party{Peer: p, IP: netgroup.IPOf(host)}, events.InvalidBlock, false)
		if g.InterceptPeerDial(p) || g.InterceptSecured(network.DirInbound, p, arriving{}) {
			t.Errorf("%s is let in", p)
		}
	}
	if g.InterceptAccept(arriving{}) || g.InterceptAddrDial("c", host) {
		t.Error("the host is let in")
	}
	if !g.InterceptAddrDial("friend", host) || !g.InterceptAddrDial("c", other) || !g.InterceptPeerDial("c") {
		t.Error("a peer that the operator named, or another host, is refused")
	}
	now = now.Add(reputation.BanTime)
	if !g.InterceptAccept(arriving{}) || !g.InterceptPeerDial("a") {
		t.Error("a ban does not end")
	}
}

func TestBansAreStored(t *testing.T) {
	db, now := store.OpenMemory(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ds := db.View("bans")
	named := []peer.AddrInfo{{ID: "friend"}}
	ledger, damaged, err := loadBans(t.Context(), ds, now, named)
	if err != nil || damaged != 0 {
		t.Fatalf("an empty store: %d, %v", damaged, err)
	}
	n := &Node{gater: newGater(func() time.Time { return now }, ledger)}
	for _, p := range []peer.ID{"a", "b", "friend"} {
		n.gater.charge(reputation.Party{Peer: p}, events.InvalidBlock, false)
	}
	if err := n.saveBans(t.Context(), ds); err != nil {
		t.Fatal(err)
	}
	again, damaged, err := loadBans(t.Context(), ds, now, named)
	if err != nil || damaged != 0 {
		t.Fatalf("%d, %v", damaged, err)
	}
	var banned []peer.ID
	for _, ban := range again.Bans(now) {
		banned = append(banned, ban.Peer)
	}
	slices.Sort(banned)
	if !slices.Equal(banned, []peer.ID{"a", "b"}) {
		t.Errorf("banned after a restart: %v", banned)
	}
}

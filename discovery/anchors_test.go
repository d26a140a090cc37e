package discovery

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/store"
)

func at(id peer.ID, addr string) peer.AddrInfo {
	return peer.AddrInfo{ID: id, Addrs: []multiaddr.Multiaddr{multiaddr.StringCast(addr)}}
}

// goldenAnchors are the peers "a" at 1.2.3.4 and "b" at 5.6.7.8.
const goldenAnchors = "0102" + "0161" + "08040102030406211d" + "0162" + "0b04050607089102211dcd03" + "5f0dc043"

func TestGoldenAnchors(t *testing.T) {
	two := []peer.AddrInfo{at("a", "/ip4/1.2.3.4/tcp/8477"), at("b", "/ip4/5.6.7.8/udp/8477/quic-v1")}
	raw := encodeAnchors(append(slices.Clone(two), at("c", "/ip4/9.9.9.9/tcp/1")))
	if got := hex.EncodeToString(raw); got != goldenAnchors {
		t.Errorf("%s, want %s", got, goldenAnchors)
	}
	again, err := decodeAnchors(raw)
	if err != nil || len(again) != 2 || again[1].ID != "b" || !again[1].Addrs[0].Equal(two[1].Addrs[0]) {
		t.Errorf("%v, %v", again, err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1
		if _, err := decodeAnchors(bad); err == nil {
			t.Errorf("byte %d may be changed", i)
		}
	}
}

func FuzzDecodeAnchors(f *testing.F) {
	f.Add(encodeAnchors([]peer.AddrInfo{at("a", "/ip4/1.2.3.4/tcp/8477")}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		all, err := decodeAnchors(raw)
		if err != nil {
			return
		}
		if again, err := decodeAnchors(encodeAnchors(all)); err != nil || len(again) > len(all) {
			t.Errorf("%v became %v: %v", all, again, err)
		}
	})
}

// visit makes a host known to another one.
func visit(t *testing.T, to host.Host, from ...host.Host) {
	t.Helper()
	for _, h := range from {
		testhost.Connect(t, h, to)
		time.Sleep(time.Second)
		_ = h.Network().ClosePeer(to.ID())
	}
}

// blocks returns whom a member has links to that are for blocks alone.
func (m *member) blocks() (all []peer.ID) {
	m.Finder.mu.Lock()
	defer m.Finder.mu.Unlock()
	for _, l := range m.links {
		if l.Kind == events.BlockRelay {
			all = append(all, l.Peer)
		}
	}
	slices.Sort(all)
	return all
}

// A node comes back to the two peers of its links for blocks alone, whatever else is in
// its book: at the first start after, and not again if it has crashed meanwhile.
func TestAnchors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := pipes(t, 12).Hosts
		for i, h := range hosts[1:] {
			start(t, h, store.OpenMemory().View("addrbook"), uint64(i), 0) // a small count
		}
		ds := store.OpenMemory().View("addrbook")
		run := func(seed uint64) *member {
			return startWith(t, hosts[0], ds, seed, func(c *Config) { c.Outbound, c.BlockRelay = 5, 2 })
		}
		first := run(1)
		visit(t, hosts[0], hosts[1:]...)
		time.Sleep(time.Minute)
		anchors := first.blocks()
		if n := first.outbound(); n != 5 || len(anchors) != 2 {
			t.Fatalf("%d links, %d of them for blocks alone", n, len(anchors))
		}
		first.end(t)
		if raw, err := ds.Get(t.Context(), anchorsKey); err != nil || len(raw) == 0 {
			t.Fatalf("no anchors are stored: %v", err)
		}
		second := run(2)
		if _, err := ds.Get(t.Context(), anchorsKey); err == nil {
			t.Error("the anchors are still there while the node runs: a crash would bring it back to them")
		}
		time.Sleep(3 * time.Second) // two dials, and then others
		if got := second.blocks(); !slices.Equal(got, anchors) {
			t.Errorf("links for blocks alone to %v, want %v", got, anchors)
		}
		time.Sleep(time.Minute)
		if n := second.outbound(); n != 5 || len(second.blocks()) != 2 {
			t.Errorf("%d links, %d of them for blocks alone", n, len(second.blocks()))
		}
	})
}

// Anchors that are dead cost two dials and nothing else; damaged ones are none.
func TestDeadAndDamagedAnchors(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"dead":    func(raw []byte) []byte { return raw },
		"damaged": func(raw []byte) []byte { raw[3] ^= 1; return raw },
		"cut off": func(raw []byte) []byte { return raw[:7] },
		"empty":   func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts := pipes(t, 7).Hosts
				for i, h := range hosts[1:] {
					start(t, h, store.OpenMemory().View("addrbook"), uint64(i), 0) // a small count
				}
				ds := store.OpenMemory().View("addrbook")
				raw := encodeAnchors([]peer.AddrInfo{at(hosts[0].ID(), "/ip4/99.1.1.1/tcp/8477"), at("nobody", "/ip4/99.2.1.1/tcp/8477")})
				if err := ds.Put(t.Context(), anchorsKey, spoil(raw)); err != nil {
					t.Fatal(err)
				}
				m := startWith(t, hosts[0], ds, 1, func(c *Config) { c.Outbound, c.BlockRelay = 4, 2 })
				visit(t, hosts[0], hosts[1:]...)
				time.Sleep(2 * time.Minute)
				if n := m.outbound(); n != 4 || len(m.blocks()) != 2 {
					t.Errorf("%d links, %d of them for blocks alone", n, len(m.blocks()))
				}
			})
		})
	}
}

// Over a link for blocks alone nobody is asked for addresses or told of any.
func TestBlockRelayLinksCarryNoAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := pipes(t, 4).Hosts
		var others []*member
		for i, h := range hosts[1:] {
			others = append(others, start(t, h, store.OpenMemory().View("addrbook"), uint64(i), 0)) // a small count
		}
		m := startWith(t, hosts[0], store.OpenMemory().View("addrbook"), 9, func(c *Config) { c.Outbound, c.BlockRelay = 2, 2 })
		visit(t, hosts[0], hosts[1], hosts[3])
		testhost.Connect(t, hosts[1], hosts[2]) // host 1 asks, and makes itself known, and so it has something to tell
		time.Sleep(10 * time.Minute)
		if n := len(m.blocks()); n != 2 {
			t.Fatalf("%d links for blocks alone", n)
		}
		for i, o := range others {
			o.mu.Lock()
			if h := o.heard; i != 1 && h != (events.AddressesHeard{}) {
				t.Errorf("host %d has heard %+v", i+1, h)
			}
			o.mu.Unlock()
			if i != 1 && o.answered() {
				t.Errorf("host %d was asked for addresses", i+1)
			}
		}
	})
}

// answered says whether a member has ever told who asked for addresses.
func (m *member) answered() bool {
	m.Finder.mu.Lock()
	defer m.Finder.mu.Unlock()
	return m.draw > 0
}

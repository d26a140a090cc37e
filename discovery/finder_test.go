package discovery

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ipfs/go-datastore"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery/addrbook"
	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/announce"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/store"
)

var params = &chaincfg.RegressionNetParams

// everybody admits everybody.
type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

// member is a host that finds peers. A connection counts as a handshake.
type member struct {
	*Finder
	host host.Host
	stop context.CancelFunc
	done chan error

	mu      sync.Mutex
	refused map[peer.ID]bool
	dropped int
	heard   events.AddressesHeard // sums
}

func (m *member) emit(e events.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h, ok := e.(events.AddressesHeard); ok {
		m.heard.Taken += h.Taken
		m.heard.Limited += h.Limited
		m.heard.Useless += h.Useless
	}
}

// ear hands on the addresses that are announced.
type ear struct{ *Finder }

func (ear) Announced(peer.ID, []wire.BlockHeader) {}

func (ear) Inventory(peer.ID, []chainhash.Hash) {}

func (e ear) Addresses(from peer.ID, entries []addrlist.Entry) { e.Heard(from, entries) }

func (m *member) Refused(p peer.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refused[p]
}

func (m *member) Drop(p peer.ID) {
	m.mu.Lock()
	m.dropped++
	m.mu.Unlock()
	_ = m.host.Network().ClosePeer(p)
}

// kind says what a connection is for.
func (m *member) kind(c network.Conn) events.LinkKind {
	if c.Stat().Direction == network.DirInbound {
		return events.Inbound
	}
	if kind, chosen := m.Kind(c.RemotePeer()); chosen {
		return kind
	}
	return events.FullRelay
}

// start runs a finder on a host until the test ends or stop is called.
func start(t *testing.T, h host.Host, ds datastore.Batching, seed uint64, outbound int) *member {
	t.Helper()
	return startWith(t, h, ds, seed, func(c *Config) { c.Outbound, c.BlockRelay = outbound, 0 })
}

func startWith(t *testing.T, h host.Host, ds datastore.Batching, seed uint64, adjust func(*Config)) *member {
	t.Helper()
	return startBy(t, h, ds, seed, nil, adjust)
}

// startBy is startWith with a table of autonomous systems.
func startBy(t *testing.T, h host.Host, ds datastore.Batching, seed uint64, as addrbook.ASTable, adjust func(*Config)) *member {
	t.Helper()
	m := &member{host: h, done: make(chan error, 1), refused: make(map[peer.ID]bool)}
	ctx, cancel := context.WithCancel(context.Background())
	m.stop = cancel
	cfg := DefaultConfig()
	adjust(&cfg)
	announcer := announce.New(h, params)
	f, err := Open(ctx, cfg, Parts{
		Host: h, Ask: addresses.NewClient(h, params, addrlist.Public), Announce: announcer, Peers: m, Store: ds, AS: as, Src: rand.NewPCG(seed, 1),
		Allow: addrlist.Public, Emit: m.emit, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	m.Finder = f
	server := addresses.NewServer(f)
	serve := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(exchange.Outcome) {})
	spec := addresses.Spec(params)
	h.SetStreamHandler(spec.ID, serve.Handler(ctx, spec, func(ctx context.Context, from peer.ID, q exchange.Message, a *exchange.Answer) error {
		f.Asked(from)
		return server.Handle(ctx, from, q, a)
	}))
	told := announce.Spec(params)
	h.SetStreamHandler(told.ID, serve.Handler(ctx, told, announce.NewServer(params, ear{f}).Handle))
	watch := &network.NotifyBundle{
		ConnectedF: func(_ network.Network, c network.Conn) {
			announcer.Join(c.RemotePeer())
			f.Join(Link{Peer: c.RemotePeer(), Addr: c.RemoteMultiaddr(), Kind: m.kind(c), Services: 1})
		},
		DisconnectedF: func(_ network.Network, c network.Conn) {
			server.Forget(c)
			if h.Network().Connectedness(c.RemotePeer()) != network.Connected {
				f.Leave(c.RemotePeer())
				announcer.Leave(c.RemotePeer())
			}
		},
	}
	h.Network().Notify(watch)
	tells := make(chan error, 1)
	go func() { tells <- announcer.Run(ctx) }() // ends with ctx
	go func() {                                 // so does this
		m.done <- errors.Join(f.Run(ctx), <-tells)
		h.Network().StopNotify(watch)
	}()
	t.Cleanup(func() { m.end(t) })
	return m
}

// end stops a finder and closes its links.
func (m *member) end(t *testing.T) {
	t.Helper()
	if m.done == nil {
		return
	}
	m.stop()
	if err := <-m.done; err != nil {
		t.Errorf("run: %v", err)
	}
	m.done = nil
	for _, c := range m.host.Network().Conns() {
		_ = c.Close()
	}
}

// outbound counts the links that a host has opened.
func (m *member) outbound() int {
	n := 0
	for _, c := range m.host.Network().Conns() {
		if c.Stat().Direction == network.DirOutbound {
			n++
		}
	}
	return n
}

// TestNetworkGrowsFromOneNode: twelve nodes that know one of them, and nothing
// else, find the others within a minute.
func TestNetworkGrowsFromOneNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 12, 20*time.Millisecond)
		var members []*member
		for i, h := range hosts {
			members = append(members, start(t, h, store.OpenMemory().View("addrbook"), uint64(i), 4))
		}
		for _, h := range hosts[1:] {
			testhost.Connect(t, h, hosts[0])
		}
		time.Sleep(time.Minute)
		for i, m := range members {
			// Two peers have one link, whoever has opened it: who has been found by all
			// has nobody left to dial.
			fresh, tried := m.Len()
			if n := len(m.host.Network().Peers()); m.outbound() < 4 && n < 8 || n < 4 {
				t.Errorf("node %d has %d links, %d of its own; it knows %d + %d peers", i, n, m.outbound(), fresh, tried)
			}
		}
	})
}

// Links go to distinct autonomous systems, where a table tells them.
func TestOneLinkToAnAutonomousSystem(t *testing.T) {
	table, err := netgroup.Read(strings.NewReader("20.0.0.0/14 1\n20.4.0.0/14 2\n"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		hosts := pipes(t, 8).Hosts // from 20.0.0.1 to 20.7.0.1
		listeners(t, hosts[1:])
		m := startBy(t, hosts[0], store.OpenMemory().View("addrbook"), 1, table, func(c *Config) { c.Outbound, c.BlockRelay = 5, 0 })
		visit(t, hosts[0], hosts[1:]...)
		time.Sleep(time.Minute)
		if n := m.outbound(); n != 2 {
			t.Errorf("%d links to two autonomous systems", n)
		}
	})
}

// TestRestartedNodeNeedsNobody: it dials what it has stored.
func TestRestartedNodeNeedsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 6, 20*time.Millisecond)
		ds := store.OpenMemory().View("addrbook")
		for i, h := range hosts[1:] {
			start(t, h, store.OpenMemory().View("addrbook"), uint64(i), 0)
		}
		first := start(t, hosts[0], ds, 9, 3)
		for _, h := range hosts[1:4] {
			testhost.Connect(t, hosts[0], h)
		}
		time.Sleep(5 * time.Minute)
		fresh, tried := first.Len()
		first.end(t)
		if tried < 3 {
			t.Fatalf("%d + %d entries", fresh, tried)
		}
		for _, h := range hosts[1:] {
			hosts[0].Peerstore().ClearAddrs(h.ID())
		}
		again := start(t, hosts[0], ds, 10, 3)
		if f, tr := again.Len(); f != fresh || tr != tried {
			t.Errorf("%d + %d entries are read, %d + %d were there", f, tr, fresh, tried)
		}
		time.Sleep(time.Minute)
		if n := again.outbound(); n != 3 {
			t.Errorf("%d links a minute after the restart", n)
		}
	})
}

func TestFeelersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 6, 20*time.Millisecond)
		hub := start(t, hosts[0], store.OpenMemory().View("addrbook"), 1, 1)
		for i, h := range hosts[1:] {
			start(t, h, store.OpenMemory().View("addrbook"), uint64(i), 0)
		}
		for _, h := range hosts[1:] { // they dial, so that they are of new
			testhost.Connect(t, h, hosts[0])
			time.Sleep(time.Second)
			_ = h.Network().ClosePeer(hosts[0].ID())
		}
		time.Sleep(30 * time.Minute)
		if _, tried := hub.Len(); tried != 5 {
			t.Errorf("%d of 5 are tried after fifteen feelers", tried)
		}
		if n := hub.outbound(); n != 1 || hub.dropped < 3 {
			t.Errorf("%d links are left, %d feelers have ended", n, hub.dropped)
		}
	})
}

func TestRefusedPeersAreNotDialled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 3, 20*time.Millisecond)
		m := start(t, hosts[0], store.OpenMemory().View("addrbook"), 1, 2)
		start(t, hosts[1], store.OpenMemory().View("addrbook"), 2, 0)
		m.mu.Lock()
		m.refused[hosts[1].ID()] = true
		m.mu.Unlock()
		testhost.Connect(t, hosts[1], hosts[0])
		time.Sleep(time.Second)
		_ = hosts[1].Network().ClosePeer(hosts[0].ID())
		time.Sleep(20 * time.Minute)
		if fresh, _ := m.Len(); fresh != 1 || m.outbound() != 0 {
			t.Errorf("%d entries, %d links", fresh, m.outbound())
		}
	})
}

// Whoever disconnects a peer does not mean that it is dialled again at once; in an hour it may be.
func TestShunnedPeersAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := pipes(t, 2).Hosts
		m := start(t, hosts[0], store.OpenMemory().View("addrbook"), 1, 2)
		start(t, hosts[1], store.OpenMemory().View("addrbook"), 2, 0)
		testhost.Connect(t, hosts[0], hosts[1])
		time.Sleep(time.Second)
		m.Shun(hosts[1].ID())
		_ = hosts[0].Network().ClosePeer(hosts[1].ID())
		time.Sleep(leave - time.Minute)
		if n := m.outbound(); n != 0 {
			t.Errorf("%d links", n)
		}
		time.Sleep(2 * time.Minute)
		if n := m.outbound(); n != 1 {
			t.Errorf("%d links after that", n)
		}
	})
}

// TestAnswersAreTheSameForADay, unless the book has doubled meanwhile.
func TestAnswersAreTheSameForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := pipes(t, 13).Hosts
		m := start(t, hosts[0], store.OpenMemory().View("addrbook"), 1, 0)
		join := func(newcomers []host.Host) {
			for _, h := range newcomers {
				testhost.Connect(t, h, hosts[0])
			}
			time.Sleep(time.Second)
		}
		join(hosts[1:6])
		first, draw := m.Share()
		join(hosts[6:8])
		time.Sleep(20 * time.Hour)
		if again, same := m.Share(); len(first) != 1 || len(again) != 1 || string(first[0].Record) != string(again[0].Record) || same != draw {
			t.Errorf("%d and %d entries of 5 and 7, 23 %% of them", len(first), len(again))
		}
		join(hosts[8:])
		doubled, second := m.Share()
		time.Sleep(25 * time.Hour)
		if _, third := m.Share(); len(doubled) != 2 || second != draw+1 || third != draw+2 {
			t.Errorf("%d entries of 12; draws %d, %d, %d", len(doubled), draw, second, third)
		}
	})
}

func TestConfigValidate(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Config){
		"outbound": func(c *Config) { c.Outbound = -1 },
		"blocks":   func(c *Config) { c.BlockRelay = 11 },
		"dials":    func(c *Config) { c.Dials = 0 },
		"times":    func(c *Config) { c.Feeler = 0 },
	} {
		bad := DefaultConfig()
		if spoil(&bad); bad.Validate() == nil {
			t.Errorf("%s that cannot work pass", name)
		}
	}
}

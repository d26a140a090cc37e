package discovery

import (
	"log/slog"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/pappus-network/pappus/discovery/addrbook"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/store"
)

// dialler is a finder on TCP that has a link already, so that dials in vain count.
func dialler(t *testing.T) *Finder {
	t.Helper()
	h, err := libp2p.New(libp2p.NoListenAddrs, libp2p.Transport(tcp.NewTCPTransport), libp2p.Security(libp2ptls.ID, libp2ptls.New))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := DefaultConfig()
	cfg.SharedHosts = true
	f, err := Open(t.Context(), cfg, Parts{
		Host: h, Ask: addresses.NewClient(h, params, addrlist.Dialable), Peers: &member{}, Store: store.OpenMemory().View("addrbook"), Src: rand.NewPCG(1, 1),
		Allow: addrlist.Dialable, Emit: func(events.Event) {}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Join(Link{Peer: "somebody", Addr: multiaddr.StringCast("/ip4/127.0.0.1/tcp/1"), Kind: events.Inbound})
	return f
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) multiaddr.Multiaddr {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at, err := manet.FromNetAddr(l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return at
}

// Two nodes that find each other at the same moment dial each other, and both dials fail.
// The book took either for a peer that does not answer, and three such dials for the end of
// a good address. The side whose id is lower dials again at once.
func TestDialThatMeetsThePeersOwnIsNotCharged(t *testing.T) {
	for _, c := range []struct {
		name    string
		id      peer.ID
		dials   int32 // 0 = nobody listens
		charged int
	}{
		{"the peer's id is higher", "\xff", 2, 0},
		{"the peer's id is lower", "\x00", 1, 0},
		{"nobody is there", "\x00", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := dialler(t)
			at, count := testhost.Mirror(t)
			if c.dials == 0 {
				at = closedPort(t)
			}
			info := peer.AddrInfo{ID: c.id, Addrs: []multiaddr.Multiaddr{at}}
			now := time.Now()
			f.mu.Lock()
			_, err := f.book.Add(now, addrbook.Advert{Peer: info.ID, Addrs: info.Addrs, Seen: now}, addrbook.Operator)
			f.dial(t.Context(), now, info, events.FullRelay, events.Origin{})
			f.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			f.work.Wait()
			e, known := f.book.Lookup(c.id)
			if !known || e.Attempts != c.charged || count.Load() != c.dials {
				t.Errorf("after %d dials, want %d, %d are held against it, want %d", count.Load(), c.dials, e.Attempts, c.charged)
			}
			if e.Dialled.IsZero() {
				t.Error("it is not known to have been dialled just now")
			}
		})
	}
}

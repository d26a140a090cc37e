package addresses

import (
	"context"
	"crypto/rand"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/exchange"
)

var params = &chaincfg.RegressionNetParams

// list is a source.
type list []addrlist.Entry

func (l list) Share() ([]addrlist.Entry, uint64) { return l, 1 }

// everybody admits everybody.
type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

// stranger returns what a peer that is nowhere signs.
func stranger(t *testing.T, addrs ...string) (peer.ID, []byte) {
	t.Helper()
	k, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p, err := peer.IDFromPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	r := &peer.PeerRecord{PeerID: p, Seq: 3}
	for _, a := range addrs {
		r.Addrs = append(r.Addrs, multiaddr.StringCast(a))
	}
	e, err := record.Seal(r, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return p, raw
}

// wire is a client that has dialled a server, both over QUIC in virtual time.
type wire struct {
	hosts    []host.Host
	server   *Server
	client   *Client
	outcomes chan exchange.Outcome
}

func story(t *testing.T, src Source, handle exchange.Handler, play func(t *testing.T, w *wire)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{hosts: testhost.New(t, 2, 10*time.Millisecond), server: NewServer(src), outcomes: make(chan exchange.Outcome, 64)}
		ctx, cancel := context.WithCancel(context.Background())
		t.Cleanup(cancel)
		if handle == nil {
			handle = w.server.Handle
		}
		s := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(o exchange.Outcome) { w.outcomes <- o })
		for _, h := range w.hosts {
			h.SetStreamHandler(Spec(params).ID, s.Handler(ctx, Spec(params), handle))
		}
		testhost.Connect(t, w.hosts[0], w.hosts[1])
		w.client = NewClient(w.hosts[0], params, addrlist.Public)
		play(t, w)
	})
}

func TestPeersAreFound(t *testing.T) {
	good, raw := stranger(t, "/ip4/1.2.3.4/tcp/1", "/ip4/10.0.0.1/tcp/1", "/ip6/2a01:4f8::1/udp/1/quic-v1")
	_, private := stranger(t, "/ip4/192.168.1.1/tcp/1", "/ip4/1.2.3.4/tcp/0")
	_, empty := stranger(t)
	spoilt := append([]byte(nil), raw...)
	spoilt[len(spoilt)-1] ^= 1
	seen := time.Unix(1_700_000_000, 0)
	var src list
	for _, r := range [][]byte{raw, private, empty, spoilt, nil} {
		src = append(src, addrlist.Entry{Seen: seen, Record: r})
	}
	story(t, src, nil, func(t *testing.T, w *wire) {
		found, useless, err := w.client.Ask(t.Context(), w.hosts[1].ID(), nil)
		if err != nil || useless != 4 || len(found) != 1 {
			t.Fatalf("%v, %d useless, %v", found, useless, err)
		}
		f := found[0]
		if f.Peer != good || len(f.Addrs) != 2 || f.Seq != 3 || !f.Seen.Equal(seen) || string(f.Record) != string(raw) {
			t.Errorf("%+v", f)
		}
	})
}

// TestOneAnswerAConnection is row A4 of the hostile peers, and Core's rule that only
// those who dialled are answered.
func TestOneAnswerAConnection(t *testing.T) {
	_, raw := stranger(t, "/ip4/1.2.3.4/tcp/1")
	story(t, list{{Seen: time.Unix(1_700_000_000, 0), Record: raw}}, nil, func(t *testing.T, w *wire) {
		a, b := w.hosts[0], w.hosts[1]
		ask := func(from, to host.Host) int {
			found, _, err := NewClient(from, params, addrlist.Public).Ask(t.Context(), to.ID(), nil)
			if err != nil {
				t.Fatal(err)
			}
			return len(found)
		}
		if n := ask(b, a); n != 0 {
			t.Errorf("who was dialled is told of %d peers", n)
		}
		first := ask(a, b)
		for range 20 {
			if n := ask(a, b); n != 0 {
				t.Errorf("a second answer tells of %d peers", n)
			}
		}
		b.Network().Notify(&network.NotifyBundle{DisconnectedF: func(_ network.Network, c network.Conn) { w.server.Forget(c) }})
		if err := a.Network().ClosePeer(b.ID()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		w.server.mu.Lock()
		remembered := len(w.server.answered)
		w.server.mu.Unlock()
		if remembered != 0 {
			t.Errorf("%d connections are remembered after their end", remembered)
		}
		testhost.Connect(t, a, b)
		if again := ask(a, b); first != 1 || again != 1 {
			t.Errorf("the first answer tells of %d peers, that of the next connection of %d", first, again)
		}
	})
}

func TestAnswersAreBounded(t *testing.T) {
	_, raw := stranger(t, "/ip4/1.2.3.4/tcp/1")
	many := make(list, MaxEntries+500)
	for i := range many {
		many[i] = addrlist.Entry{Seen: time.Unix(1_700_000_000, 0), Record: raw}
	}
	story(t, many, nil, func(t *testing.T, w *wire) {
		found, _, err := w.client.Ask(t.Context(), w.hosts[1].ID(), nil)
		if err != nil || len(found) != MaxEntries {
			t.Errorf("%d peers, %v", len(found), err)
		}
	})
}

func TestHostileAnswersAreCharged(t *testing.T) {
	for name, c := range map[string]struct {
		payload []byte
		want    events.Reason
	}{
		"2,501 entries": {append([]byte{0xfd, 0xc5, 0x09}, make([]byte, 9*2501)...), events.TooMany},
		"cut off":       {[]byte{1, 0, 0}, events.Malformed},
		"a byte more":   {[]byte{0, 0}, events.TrailingBytes},
	} {
		t.Run(name, func(t *testing.T) {
			handle := func(_ context.Context, _ peer.ID, _ exchange.Message, answer *exchange.Answer) error {
				return answer.Send(addr, c.payload)
			}
			story(t, nil, handle, func(t *testing.T, w *wire) {
				if _, _, err := w.client.Ask(t.Context(), w.hosts[1].ID(), nil); exchange.ReasonOf(err) != c.want {
					t.Errorf("%v, want %s", err, c.want)
				}
			})
		})
	}
}

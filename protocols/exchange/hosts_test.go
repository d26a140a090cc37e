package exchange

import (
	"context"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"

	"github.com/pappus-network/pappus/protocols/envelope"
)

// testNet is the network of all tests here.
var testNet = &chaincfg.RegressionNetParams

// loopback returns two connected hosts on 127.0.0.1: TCP, TLS, yamux, as nodes
// have them; the second has dialled the first.
func loopback(tb testing.TB) (server, client host.Host) {
	tb.Helper()
	server, client = freeHost(tb), freeHost(tb)
	connect(tb, client, server)
	return server, client
}

func connect(tb testing.TB, from, to host.Host) {
	tb.Helper()
	if err := from.Connect(tb.Context(), peer.AddrInfo{ID: to.ID(), Addrs: to.Addrs()}); err != nil {
		tb.Fatalf("connect: %v", err)
	}
}

// freeHost is a host whose resource manager never says no.
func freeHost(tb testing.TB, more ...libp2p.Option) host.Host {
	tb.Helper()
	return tcpHost(tb, append(more, libp2p.Security(tls.ID, tls.New), libp2p.ResourceManager(&network.NullResourceManager{}))...)
}

// tcpHost is a host with more than what all have here, which comes before it: of two muxers
// of one name the first is used.
func tcpHost(tb testing.TB, more ...libp2p.Option) host.Host {
	tb.Helper()
	h, err := libp2p.New(append(more,
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
	)...)
	if err != nil {
		tb.Fatalf("make host: %v", err)
	}
	tb.Cleanup(func() { _ = h.Close() })
	return h
}

// limits of the test protocol: questions and answers of any size.
var anything = envelope.Limits{"ping": 1 << 10, "pong": 1 << 10, "block": envelope.MaxPayload}

// patient is a contract that no test reaches the deadlines of.
func patient() Spec {
	return Spec{
		ID:  ID(testNet, "test"),
		Net: testNet.Net, Requests: anything, Answers: anything,
		Open: time.Minute, FirstByte: time.Minute, Grace: time.Minute, Floor: 64 << 10, Idle: time.Minute,
	}
}

// everybody admits everybody.
type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

// serve registers a handler and returns the outcomes of what it serves.
func serve(tb testing.TB, h host.Host, spec Spec, handle Handler) <-chan Outcome {
	tb.Helper()
	outcomes := make(chan Outcome, 1<<16)
	s := NewServer(everybody{}, DefaultLimits(), func(o Outcome) {
		select {
		case outcomes <- o:
		default: // a benchmark does not look
		}
	})
	h.SetStreamHandler(spec.ID, s.Handler(tb.Context(), spec, handle))
	return outcomes
}

// dial opens a dialogue and ends it with the test.
func dial(tb testing.TB, from, to host.Host, spec Spec) *Dialogue {
	tb.Helper()
	d, err := Open(tb.Context(), from, to.ID(), spec)
	if err != nil {
		tb.Fatalf("open dialogue: %v", err)
	}
	tb.Cleanup(d.Reset)
	return d
}

// raw opens a stream on which a test says what it likes. It is negotiated: the
// other side's handler is at work.
func raw(tb testing.TB, from, to host.Host, spec Spec) network.Stream {
	tb.Helper()
	conn := from.Network().ConnsToPeer(to.ID())[0]
	s, err := On(conn).NewStream(tb.Context(), to.ID(), spec.ID)
	if err != nil {
		tb.Fatalf("open stream: %v", err)
	}
	tb.Cleanup(func() { _ = s.Reset() })
	return s
}

func send(tb testing.TB, s network.Stream, b []byte) {
	tb.Helper()
	if _, err := s.Write(b); err != nil {
		tb.Fatalf("write: %v", err)
	}
}

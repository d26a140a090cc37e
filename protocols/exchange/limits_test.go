package exchange

import (
	"context"
	"testing"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// gate is a handler that says that it was asked, waits to be let through, and
// answers.
type gate struct{ asked, pass chan struct{} }

func newGate() gate { return gate{make(chan struct{}, 100), make(chan struct{})} }

func (g gate) handle(_ context.Context, _ peer.ID, _ Message, a *Answer) error {
	g.asked <- struct{}{}
	<-g.pass
	return a.Send("pong", nil)
}

// limited serves a gate with the limits.
func limited(t *testing.T, h host.Host, limits Limits, greeting bool) gate {
	t.Helper()
	g := newGate()
	spec := patient()
	spec.Greeting = greeting
	s := NewServer(everybody{}, limits, func(Outcome) {})
	h.SetStreamHandler(spec.ID, s.Handler(t.Context(), spec, g.handle))
	return g
}

// ask puts a question and returns the dialogue.
func ask(t *testing.T, from, to host.Host) *Dialogue {
	t.Helper()
	d := dial(t, from, to, patient())
	if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
		t.Fatal(err)
	}
	return d
}

func wantAnswer(t *testing.T, d *Dialogue) {
	t.Helper()
	if m, err := d.Receive(t.Context()); err != nil || m.Command != "pong" {
		t.Fatalf("%q, %v", m.Command, err)
	}
}

func TestPeerWithTooManyRequestsIsRefused(t *testing.T) {
	server, client := loopback(t)
	other := freeHost(t)
	connect(t, other, server)
	g := limited(t, server, Limits{PerPeer: 2, Total: 10}, false)
	first, second := ask(t, client, server), ask(t, client, server)
	<-g.asked
	<-g.asked
	_, err := ask(t, client, server).Receive(t.Context())
	wantReason(t, err, server.ID(), events.Busy)

	elsewhere := ask(t, other, server) // others are not refused for it
	<-g.asked
	close(g.pass)
	for _, d := range []*Dialogue{first, second, elsewhere, ask(t, client, server)} {
		wantAnswer(t, d)
	}
}

func TestRequestsAboveTheTotalWaitTheirTurn(t *testing.T) {
	server, client := loopback(t)
	g := limited(t, server, Limits{PerPeer: 10, Total: 1}, false)
	var all []*Dialogue
	for range 5 {
		all = append(all, ask(t, client, server))
	}
	for range all {
		<-g.asked
		select {
		case <-g.asked:
			t.Fatal("two requests are being answered, the limit is one")
		default:
		}
		g.pass <- struct{}{}
	}
	for _, d := range all {
		wantAnswer(t, d)
	}
}

func TestGreetingsDoNotWaitForATurn(t *testing.T) {
	server, client := loopback(t)
	g := limited(t, server, Limits{PerPeer: 2, Total: 0}, true)
	d := ask(t, client, server)
	<-g.asked
	close(g.pass)
	wantAnswer(t, d)
}

// streamsAPeer is what a peer may have of one protocol's streams in these tests.
const streamsAPeer = 64

// managed returns a host with libp2p's resource manager and what its service
// scope holds.
func managed(t *testing.T, limit rcmgr.ResourceLimits) (host.Host, func() network.ScopeStat) {
	t.Helper()
	limits := rcmgr.PartialLimitConfig{
		Service:             map[string]rcmgr.ResourceLimits{service: limit},
		ProtocolPeerDefault: rcmgr.ResourceLimits{StreamsInbound: streamsAPeer},
	}
	m, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits.Build(rcmgr.DefaultLimits.AutoScale())))
	if err != nil {
		t.Fatal(err)
	}
	stat := func() (s network.ScopeStat) {
		err := m.ViewService(service, func(scope network.ServiceScope) error {
			s = scope.Stat()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return tcpHost(t, libp2p.Security(tls.ID, tls.New), libp2p.ResourceManager(m)), stat
}

func TestMemoryIsAccountedFor(t *testing.T) {
	server, stat := managed(t, rcmgr.ResourceLimits{})
	client := freeHost(t)
	connect(t, client, server)
	spec := patient()
	var resting, working int64
	ended := make(chan struct{})
	outcomes := make(chan Outcome, 10)
	handle := NewServer(everybody{}, DefaultLimits(), func(o Outcome) { outcomes <- o }).
		Handler(t.Context(), spec, func(_ context.Context, _ peer.ID, _ Message, a *Answer) error {
			working = stat().Memory
			return a.Send("pong", nil)
		})
	server.SetStreamHandler(spec.ID, func(s network.Stream) {
		handle(s)
		close(ended)
	})
	s := raw(t, client, server, spec)
	for range 3 {
		send(t, s, envelope.Append(nil, spec.Net, "ping", nil))
		wantOutcome(t, outcomes, "")
		if _, _, err := envelope.Read(s, spec.Net, anything); err != nil {
			t.Fatal(err)
		}
	}
	resting = stat().Memory
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
	if want := int64(requestBuffer + sendBuffer + envelope.MaxPayload); working != want {
		t.Errorf("%d bytes are reserved for a request, want %d", working, want)
	}
	if resting != requestBuffer {
		t.Errorf("%d bytes are reserved between requests, want %d", resting, requestBuffer)
	}
	if left := stat().Memory; left != 0 {
		t.Errorf("%d bytes are reserved after the stream", left)
	}
}

func TestStreamIsRefusedWhenMemoryIsShort(t *testing.T) {
	small := patient()
	small.Requests = envelope.Limits{"ping": 100}
	for _, c := range []struct {
		name   string
		memory rcmgr.LimitVal64
	}{
		{"for the stream", requestBuffer / 2},
		{"for the request", requestBuffer + sendBuffer/2},
		{"for the answer", requestBuffer + 2*sendBuffer + 1<<20},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, _ := managed(t, rcmgr.ResourceLimits{Memory: c.memory})
			client := freeHost(t)
			connect(t, client, server)
			outcomes := serve(t, server, small, func(_ context.Context, _ peer.ID, _ Message, a *Answer) error {
				return a.Send("block", make([]byte, 1<<20))
			})
			_, err := Ask(t.Context(), client, server.ID(), small, Message{Command: "ping"})
			wantReason(t, err, server.ID(), events.Busy)
			wantOutcome(t, outcomes, events.Busy)
		})
	}
}

// TestStreamsOpenedAndLeft: a peer that opens streams without end gets what the
// resource manager grants a peer, and the others are served meanwhile.
func TestStreamsOpenedAndLeft(t *testing.T) {
	server, stat := managed(t, rcmgr.ResourceLimits{})
	hostile := freeHost(t)
	honest := freeHost(t)
	connect(t, hostile, server)
	connect(t, honest, server)
	serve(t, server, patient(), echo)
	conn := hostile.Network().ConnsToPeer(server.ID())[0]
	for range 1000 {
		s, err := On(conn).NewStream(t.Context(), server.ID(), patient().ID)
		if err == nil { // it may still be reset: the server counts once it knows the protocol
			t.Cleanup(func() { _ = s.Reset() })
		}
	}
	if got := stat(); got.NumStreamsInbound > streamsAPeer || got.Memory > streamsAPeer*requestBuffer {
		t.Errorf("the server holds %+v", got)
	}
	if _, err := Ask(t.Context(), honest, server.ID(), patient(), Message{Command: "ping"}); err != nil {
		t.Errorf("an honest peer: %v", err)
	}
}

package exchange

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// echo answers with the request's payload.
func echo(_ context.Context, _ peer.ID, r Message, a *Answer) error {
	return a.Send(r.Command, r.Payload)
}

// pattern returns bytes that differ from their neighbours.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
	}
	return b
}

// wantReason checks an error's reason and that the peer is charged with it.
func wantReason(tb testing.TB, err error, p peer.ID, want events.Reason) {
	tb.Helper()
	var charged *PeerError
	if !errors.As(err, &charged) || charged.Reason != want || charged.Peer != p {
		tb.Fatalf("error %v, want a charge of %s with %s", err, p, want)
	}
}

// wantOutcome waits for the next outcome and checks its reason.
func wantOutcome(tb testing.TB, outcomes <-chan Outcome, want events.Reason) Outcome {
	tb.Helper()
	select {
	case o := <-outcomes:
		if o.Reason != want || (o.Err == nil) != (want == "") {
			tb.Fatalf("outcome %q, %v, want %q", o.Reason, o.Err, want)
		}
		return o
	case <-tb.Context().Done():
		tb.Fatal("no outcome")
		return Outcome{}
	}
}

func TestAsk(t *testing.T) {
	for name, security := range map[string]libp2p.Option{"tls": libp2p.Security(tls.ID, tls.New), "noise": libp2p.Security(noise.ID, noise.New)} {
		t.Run(name, func(t *testing.T) {
			server, client := tcpHost(t, security), tcpHost(t, security)
			connect(t, client, server)
			outcomes := serve(t, server, patient(), echo)
			for _, size := range []int{0, 1, 1000, 100_000, envelope.MaxPayload} {
				question := Message{Command: "block", Payload: pattern(size)}
				m, err := Ask(t.Context(), client, server.ID(), patient(), question)
				if err != nil || m.Command != "block" || !bytes.Equal(m.Payload, question.Payload) {
					t.Fatalf("%d bytes: %q of %d bytes, %v", size, m.Command, len(m.Payload), err)
				}
				o := wantOutcome(t, outcomes, "")
				if total := size + envelope.HeaderSize; o.Peer != client.ID() || o.Command != "block" || o.In != total || o.Out != total || o.Protocol != patient().ID || o.Duration <= 0 {
					t.Errorf("%d bytes: outcome %+v", size, o)
				}
			}
		})
	}
}

func TestPipelinedQuestionsAreAnsweredInOrder(t *testing.T) {
	server, client := loopback(t)
	outcomes := serve(t, server, patient(), func(_ context.Context, _ peer.ID, r Message, a *Answer) error {
		// Small, large and several answers, whatever comes first to hand.
		n := binary.LittleEndian.Uint32(r.Payload)
		if err := a.Send("pong", r.Payload); err != nil {
			return err
		}
		return a.Send("block", append(bytes.Clone(r.Payload), pattern(int(n%7)*40_000)...))
	})
	d := dial(t, client, server, patient())
	const questions = 300
	sent := make(chan error, 1)
	go func() { // ends with the last question
		for i := range uint32(questions) {
			if err := d.Send(t.Context(), Message{Command: "ping", Payload: binary.LittleEndian.AppendUint32(nil, i)}); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for i := range uint32(questions) {
		for _, want := range []envelope.Command{"pong", "block"} {
			m, err := d.Receive(t.Context())
			if err != nil || m.Command != want || binary.LittleEndian.Uint32(m.Payload) != i {
				t.Fatalf("answer %d: %q, %v", i, m.Command, err)
			}
			if want == "block" && !bytes.Equal(m.Payload[4:], pattern(int(i%7)*40_000)) {
				t.Fatalf("answer %d: the payload of %d bytes has changed", i, len(m.Payload))
			}
		}
		wantOutcome(t, outcomes, "")
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestOneRequestAStreamWithoutIdle(t *testing.T) {
	server, client := loopback(t)
	spec := patient()
	spec.Idle = 0
	outcomes := serve(t, server, spec, echo)
	d := dial(t, client, server, spec)
	for range 2 {
		if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantOutcome(t, outcomes, "")
	_, err := d.Receive(t.Context())
	wantReason(t, err, server.ID(), events.Disconnected)
}

func TestStreamThatEndsBetweenRequestsIsNoOutcome(t *testing.T) {
	server, client := loopback(t)
	spec := patient()
	ended := make(chan struct{})
	outcomes := make(chan Outcome, 10)
	handle := NewServer(everybody{}, DefaultLimits(), func(o Outcome) { outcomes <- o }).Handler(t.Context(), spec, echo)
	server.SetStreamHandler(spec.ID, func(s network.Stream) {
		handle(s)
		ended <- struct{}{}
	})
	ends := map[string]func(network.Stream) error{
		"closed": network.Stream.Close, "half closed": network.Stream.CloseWrite, "reset": network.Stream.Reset,
	}
	for name, end := range ends {
		for requests := range 2 {
			s := raw(t, client, server, spec)
			for range requests {
				send(t, s, envelope.Append(nil, spec.Net, "ping", nil))
				if cmd, _, err := envelope.Read(s, spec.Net, anything); err != nil || cmd != "ping" {
					t.Fatalf("%q, %v", cmd, err)
				}
				wantOutcome(t, outcomes, "")
			}
			if err := end(s); err != nil {
				t.Fatal(err)
			}
			<-ended
			select {
			case o := <-outcomes:
				t.Errorf("%s after %d requests: outcome %+v", name, requests, o)
			default:
			}
		}
	}
}

func TestHandlerErrors(t *testing.T) {
	disk := errors.New("the disk is gone")
	for _, c := range []struct {
		name  string
		err   error
		want  events.Reason
		there events.Reason // as the peer sees it
	}{
		{"the peer's fault", Charge("", events.TooMany, "102 of 101"), events.TooMany, events.Disconnected},
		{"a payload that cannot be decoded", &envelope.Error{Reason: events.Malformed, Err: disk}, events.Malformed, events.Disconnected},
		{"our own fault", disk, events.Internal, events.Disconnected},
		{"no room", Charge("", events.Busy, "later"), events.Busy, events.Busy},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, client := loopback(t)
			outcomes := serve(t, server, patient(), func(context.Context, peer.ID, Message, *Answer) error {
				return fmt.Errorf("answer: %w", c.err)
			})
			_, err := Ask(t.Context(), client, server.ID(), patient(), Message{Command: "ping"})
			wantReason(t, err, server.ID(), c.there)
			if o := wantOutcome(t, outcomes, c.want); !errors.Is(o.Err, c.err) || o.Command != "ping" || o.In != envelope.HeaderSize {
				t.Errorf("outcome %+v", o)
			}
		})
	}
}

func TestNothingLeavesThatThePeerWouldChargeUsWith(t *testing.T) {
	server, client := loopback(t)
	spec := patient()
	spec.Answers = envelope.Limits{"pong": 10}
	spec.Requests = envelope.Limits{"ping": 10}
	outcomes := serve(t, server, spec, func(_ context.Context, _ peer.ID, r Message, a *Answer) error {
		return a.Send(envelope.Command(r.Payload), make([]byte, 11))
	})
	for _, cmd := range []string{"pong", "ping"} {
		_, err := Ask(t.Context(), client, server.ID(), spec, Message{Command: "ping", Payload: []byte(cmd)})
		wantReason(t, err, server.ID(), events.Disconnected)
		if o := wantOutcome(t, outcomes, events.Internal); o.Out != 0 {
			t.Errorf("%d bytes left", o.Out)
		}
	}
	for _, m := range []Message{{Command: "ping", Payload: make([]byte, 11)}, {Command: "pong"}} {
		_, err := Ask(t.Context(), client, server.ID(), spec, m)
		var charged *PeerError
		if err == nil || errors.As(err, &charged) || ReasonOf(err) != events.Internal {
			t.Errorf("Ask(%q of %d bytes) = %v", m.Command, len(m.Payload), err)
		}
	}
}

func TestAnswerTellsTheConnection(t *testing.T) {
	server, client := loopback(t)
	conns := make(chan network.Conn, 1)
	serve(t, server, patient(), func(_ context.Context, _ peer.ID, _ Message, a *Answer) error {
		conns <- a.Conn()
		return a.Send("pong", nil)
	})
	if _, err := Ask(t.Context(), client, server.ID(), patient(), Message{Command: "ping"}); err != nil {
		t.Fatal(err)
	}
	if c := <-conns; c.RemotePeer() != client.ID() {
		t.Errorf("the connection's peer is %s", c.RemotePeer())
	}
}

func TestStreamOverAGivenConnection(t *testing.T) {
	server, client := loopback(t)
	serve(t, server, patient(), echo)
	for _, c := range client.Network().ConnsToPeer(server.ID()) {
		d, err := Open(t.Context(), On(c), server.ID(), patient())
		if err != nil {
			t.Fatal(err)
		}
		if d.Conn() != c || d.Peer() != server.ID() {
			t.Errorf("the stream runs over %v to %s", d.Conn(), d.Peer())
		}
		d.Reset()
		if _, err := Ask(t.Context(), On(c), server.ID(), patient(), Message{Command: "ping"}); err != nil {
			t.Error(err)
		}
		if _, err := Ask(t.Context(), On(c), client.ID(), patient(), Message{Command: "ping"}); err == nil {
			t.Error("a stream to another peer than the connection's was opened")
		}
		other := patient()
		other.ID = "/pappus/regtest/other/1"
		_, err = Ask(t.Context(), On(c), server.ID(), other, Message{Command: "ping"})
		wantReason(t, err, server.ID(), events.Unsupported)
	}
}

package exchange

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// bad are bytes that break the envelope's contract, with the reason they earn.
var bad = []struct {
	name string
	data []byte
	end  bool // the stream is closed after them; else it stays open
	want events.Reason
}{
	{"another network's start string", envelope.Append(nil, wire.MainNet, "ping", nil), false, events.WrongStartString},
	{"an unknown command", envelope.Append(nil, testNet.Net, "getaddr", nil), false, events.UnknownCommand},
	{"a command that is not ASCII", overwrite(4, 0xc3), false, events.BadPadding},
	{"padding that is not NUL", overwrite(15, '!'), false, events.BadPadding},
	{"a byte above the command's limit", overwrite(16, 0x01, 0x04), false, events.Oversize},
	{"4 GiB announced", overwrite(16, 0xff, 0xff, 0xff, 0xff), false, events.Oversize},
	{"a wrong checksum", overwrite(20, 0, 0, 0, 0), false, events.BadChecksum},
	{"a changed payload", overwrite(envelope.HeaderSize, 'Q'), false, events.BadChecksum},
	{"half a header", overwrite(0)[:12], true, events.Truncated},
	{"a header alone", overwrite(0)[:envelope.HeaderSize], true, events.Truncated},
	{"a payload cut off", overwrite(0)[:envelope.HeaderSize+7], true, events.Truncated},
	{"a large payload cut off", envelope.Append(nil, testNet.Net, "block", pattern(900_000))[:800_000], true, events.Truncated},
	{"bytes that are no envelope", bytes.Repeat([]byte("GET / HTTP/1.1\r\n"), 3), true, events.WrongStartString},
}

// overwrite returns a good ping with some bytes changed.
func overwrite(at int, b ...byte) []byte {
	m := envelope.Append(nil, testNet.Net, "ping", []byte("payload!"))
	copy(m[at:], b)
	return m
}

func TestBadRequests(t *testing.T) {
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			server, client := loopback(t)
			outcomes := serve(t, server, patient(), echo)
			s := raw(t, client, server, patient())
			send(t, s, c.data)
			if c.end {
				if err := s.CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			if o := wantOutcome(t, outcomes, c.want); o.Out != 0 || o.Command != "" || o.Peer != client.ID() {
				t.Errorf("outcome %+v", o)
			}
			var reset *network.StreamError
			if _, err := s.Read(make([]byte, 1)); !errors.As(err, &reset) || reset.ErrorCode != network.StreamProtocolViolation {
				t.Errorf("the stream ends with %v, want a reset for a violation", err)
			}
		})
	}
}

func TestBadRequestAfterGoodOnes(t *testing.T) {
	server, client := loopback(t)
	outcomes := serve(t, server, patient(), echo)
	s := raw(t, client, server, patient())
	// A byte too many after a message is the next one's start string.
	good := envelope.Append(nil, testNet.Net, "ping", pattern(100))
	send(t, s, append(append(bytes.Clone(good), good...), make([]byte, envelope.HeaderSize)...))
	for range 2 {
		if o := wantOutcome(t, outcomes, ""); o.In != len(good) || o.Out != len(good) {
			t.Errorf("outcome %+v", o)
		}
	}
	wantOutcome(t, outcomes, events.WrongStartString)
}

func TestBadAnswers(t *testing.T) {
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			server, client := loopback(t)
			server.SetStreamHandler(patient().ID, func(s network.Stream) {
				if _, _, err := envelope.Read(s, testNet.Net, anything); err != nil {
					t.Errorf("request: %v", err)
				}
				_, _ = s.Write(c.data)
				if c.end {
					_ = s.CloseWrite()
				}
			})
			_, err := Ask(t.Context(), client, server.ID(), patient(), Message{Command: "ping"})
			wantReason(t, err, server.ID(), c.want)
		})
	}
}

func TestServersThatDoNotAnswer(t *testing.T) {
	for _, c := range []struct {
		name string
		do   network.StreamHandler // nil: it does not know the protocol
		want events.Reason
	}{
		{"it does not speak the protocol", nil, events.Unsupported},
		{"it closes the stream", func(s network.Stream) { _ = s.Close() }, events.Disconnected},
		{"it resets the stream", func(s network.Stream) { _ = s.Reset() }, events.Disconnected},
		{"it is busy", func(s network.Stream) { _ = s.ResetWithError(network.StreamRateLimited) }, events.Busy},
		{"it has no memory", func(s network.Stream) { _ = s.ResetWithError(network.StreamResourceLimitExceeded) }, events.Busy},
		{"it says that we broke the contract", func(s network.Stream) { _ = s.ResetWithError(network.StreamProtocolViolation) }, events.Disconnected},
		{"it closes the connection", func(s network.Stream) { _ = s.Conn().Close() }, events.Disconnected},
		{"it closes the connection for a reason", func(s network.Stream) { _ = s.Conn().CloseWithError(network.ConnGated) }, events.Disconnected},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, client := loopback(t)
			if c.do != nil {
				server.SetStreamHandler(patient().ID, func(s network.Stream) {
					_, _, _ = envelope.Read(s, testNet.Net, anything)
					c.do(s)
				})
			}
			_, err := Ask(t.Context(), client, server.ID(), patient(), Message{Command: "ping"})
			wantReason(t, err, server.ID(), c.want)
		})
	}
}

func TestUnsupportedShowsAtTheFirstReadWhenItWasPromised(t *testing.T) {
	server, client := loopback(t)
	if err := client.Peerstore().AddProtocols(server.ID(), patient().ID); err != nil {
		t.Fatal(err)
	}
	d := dial(t, client, server, patient()) // lazily: nothing is sent yet
	if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
		t.Fatal(err)
	}
	_, err := d.Receive(t.Context())
	wantReason(t, err, server.ID(), events.Unsupported)
}

func TestOpenToAPeerThatIsNotConnected(t *testing.T) {
	server, client := loopback(t)
	_, err := Ask(t.Context(), server, "nobody", patient(), Message{Command: "ping"})
	wantReason(t, err, "nobody", events.Disconnected)
	if err := client.Network().ClosePeer(server.ID()); err != nil {
		t.Fatal(err)
	}
	// The address is known; asking must not dial.
	_, err = Ask(t.Context(), client, server.ID(), patient(), Message{Command: "ping"})
	wantReason(t, err, server.ID(), events.Disconnected)
	if n := len(client.Network().ConnsToPeer(server.ID())); n != 0 {
		t.Errorf("%d connections", n)
	}
}

// strangers admits nobody.
type strangers struct{}

func (strangers) Admit(_ context.Context, c network.Conn) error {
	return Charge(c.RemotePeer(), events.BeforeStatus, "no status yet")
}

func TestRequestBeforeStatus(t *testing.T) {
	server, client := loopback(t)
	outcomes := make(chan Outcome, 10)
	s := NewServer(strangers{}, DefaultLimits(), func(o Outcome) { outcomes <- o })
	spec, greeting := patient(), patient()
	greeting.ID, greeting.Greeting = ID(testNet, "status"), true
	served := func(_ context.Context, _ peer.ID, _ Message, a *Answer) error { return a.Send("pong", nil) }
	unserved := func(context.Context, peer.ID, Message, *Answer) error {
		t.Error("a stranger's request was served")
		return nil
	}
	server.SetStreamHandler(spec.ID, s.Handler(t.Context(), spec, unserved))
	server.SetStreamHandler(greeting.ID, s.Handler(t.Context(), greeting, served))

	_, err := Ask(t.Context(), client, server.ID(), spec, Message{Command: "ping"})
	wantReason(t, err, server.ID(), events.Disconnected)
	if o := wantOutcome(t, outcomes, events.BeforeStatus); o.In != 0 || o.Out != 0 || o.Peer != client.ID() {
		t.Errorf("outcome %+v", o)
	}
	if _, err := Ask(t.Context(), client, server.ID(), greeting, Message{Command: "ping"}); err != nil {
		t.Errorf("the greeting itself: %v", err)
	}
	wantOutcome(t, outcomes, "")
}

package exchange

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

func TestIdleStreams(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		outcomes := serve(t, server, spec, echo)
		s := raw(t, client, server, spec)
		start := time.Now()
		wantEnd := func() {
			t.Helper()
			if _, err := s.Read(make([]byte, 1)); err == nil || err == io.EOF { //nolint:errorlint // io.EOF comes bare
				t.Errorf("the stream ends with %v, want a reset", err)
			}
			if len(outcomes) > 0 {
				t.Errorf("outcome %+v", <-outcomes)
			}
		}
		wantEnd() // opened and left
		wantTook(t, start, spec.FirstByte-latency)

		s = raw(t, client, server, spec)
		for range 3 {
			time.Sleep(spec.Idle - time.Second*161) // less than FirstByte and Idle
			send(t, s, envelope.Append(nil, spec.Net, "ping", nil))
			if _, _, err := envelope.Read(s, spec.Net, spec.Answers); err != nil {
				t.Fatal(err)
			}
			wantOutcome(t, outcomes, "")
		}
		start = time.Now()
		wantEnd()
		wantTook(t, start, spec.Idle-latency)
	})
}

func TestNoTurnWithinFirstByte(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		asked := make(chan struct{}, 10)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		outcomes := make(chan Outcome, 10)
		s := NewServer(everybody{}, Limits{PerPeer: 10, Total: 1}, func(o Outcome) { outcomes <- o })
		server.SetStreamHandler(spec.ID, s.Handler(ctx, spec, func(ctx context.Context, _ peer.ID, _ Message, _ *Answer) error {
			asked <- struct{}{}
			<-ctx.Done()
			return nil
		}))
		first, second := raw(t, client, server, spec), raw(t, client, server, spec)
		send(t, first, envelope.Append(nil, spec.Net, "ping", nil))
		<-asked
		start := time.Now()
		send(t, second, envelope.Append(nil, spec.Net, "ping", nil))
		wantOutcome(t, outcomes, events.Busy)
		wantTook(t, start, spec.FirstByte)
		third := raw(t, client, server, spec)
		send(t, third, envelope.Append(nil, spec.Net, "ping", nil))
		synctest.Wait()
		time.Sleep(time.Second)
		stop()
		for range 2 { // the one that waits and the one that is served
			if o := <-outcomes; o.Reason != events.Stopping && o.Reason != "" {
				t.Errorf("outcome %+v", o)
			}
		}
	})
}

// mute makes a host take streams and neither negotiate nor read them.
func mute(h host.Host) { h.Network().SetStreamHandler(func(network.Stream) {}) }

func TestOpenIsBounded(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		mute(server)
		for name, o := range map[string]Opener{"a host": client, "a connection": On(client.Network().ConnsToPeer(server.ID())[0])} {
			start := time.Now()
			_, err := Open(t.Context(), o, server.ID(), strict())
			wantReason(t, err, server.ID(), events.NoAnswer)
			if took := time.Since(start); took != strict().Open {
				t.Errorf("over %s it took %v, want %v exactly", name, took, strict().Open)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := Open(ctx, client, server.ID(), strict())
		wantOver(t, err, context.DeadlineExceeded)
	})
}

// TestNothingBlocksWhenNegotiationHangs: a stream that is negotiated lazily waits,
// when it is closed, for a peer that may never say a word (go-libp2p#3448).
func TestNothingBlocksWhenNegotiationHangs(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		mute(server)
		if err := client.Peerstore().AddProtocols(server.ID(), strict().ID); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for _, ask := range []bool{false, true} {
			for _, end := range []func(*Dialogue){(*Dialogue).Reset, func(d *Dialogue) { _ = d.Close() }} {
				d, err := Open(t.Context(), client, server.ID(), strict())
				if err != nil {
					t.Fatal(err)
				}
				if ask {
					if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
						t.Fatal(err)
					}
				}
				end(d)
				wantOver(t, d.Send(t.Context(), Message{Command: "ping"}), ErrClosed)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %v, want no time", took)
		}
		start = time.Now()
		_, err := Ask(t.Context(), client, server.ID(), strict(), Message{Command: "ping"})
		wantReason(t, err, server.ID(), events.NoAnswer)
		if took := time.Since(start); took != strict().FirstByte {
			t.Errorf("it took %v, want %v exactly", took, strict().FirstByte)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(client.Network().ConnsToPeer(server.ID())[0].GetStreams()); n != 0 {
			t.Errorf("%d streams are left", n)
		}
	})
}

func TestServerVanishesWithinAnAnswer(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		reply(t, server, spec, func(s network.Stream) {
			_, _ = s.Write(envelope.Append(nil, spec.Net, "block", pattern(1000))[:500])
			time.Sleep(time.Second)
			_ = s.Conn().Close()
		})
		start := time.Now()
		_, err := Ask(t.Context(), client, server.ID(), spec, Message{Command: "ping"})
		wantReason(t, err, server.ID(), events.Disconnected)
		wantTook(t, start, time.Second+2*latency)
	})
}

func TestWrongNetworkIsRefusedWithinASecond(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		outcomes := serve(t, server, strict(), echo)
		foreign := strict()
		foreign.Net++
		start := time.Now()
		_, err := Ask(t.Context(), client, server.ID(), foreign, Message{Command: "ping"})
		wantReason(t, err, server.ID(), events.Disconnected)
		wantOutcome(t, outcomes, events.WrongStartString)
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestWhatWasSentBeforeCloseArrivesOverQUIC(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		outcomes := serve(t, server, strict(), func(context.Context, peer.ID, Message, *Answer) error { return nil })
		time.Sleep(time.Second) // identify tells the client of the protocol
		d := dial(t, client, server, strict())
		for range 3 { // one way: nothing is ever received
			if err := d.Send(t.Context(), Message{Command: "block", Payload: pattern(100_000)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			wantOutcome(t, outcomes, "")
		}
	})
}

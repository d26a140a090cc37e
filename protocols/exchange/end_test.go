package exchange

import (
	"context"
	"errors"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// stuck is a handler that says that it was asked and then waits for its
// context's end.
type stuck chan struct{}

func (s stuck) handle(ctx context.Context, _ peer.ID, _ Message, _ *Answer) error {
	s <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// wantOver checks that a call ended for a reason of ours, not the peer's.
func wantOver(tb testing.TB, err, want error) {
	tb.Helper()
	var charged *PeerError
	if !errors.Is(err, want) || errors.As(err, &charged) {
		tb.Errorf("error %v, want %v and nobody charged", err, want)
	}
}

func TestContextEndsACall(t *testing.T) {
	server, client := loopback(t)
	asked := make(stuck)
	serve(t, server, patient(), asked.handle)
	d := dial(t, client, server, patient())
	ctx, cancel := context.WithCancel(t.Context())
	if err := d.Send(ctx, Message{Command: "ping"}); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the request
		<-asked
		cancel()
	}()
	_, err := d.Receive(ctx)
	wantOver(t, err, context.Canceled)

	// The dialogue is over, under any context.
	wantOver(t, d.Send(ctx, Message{Command: "ping"}), context.Canceled)
	wantOver(t, d.Send(t.Context(), Message{Command: "ping"}), ErrClosed)
	_, err = d.Receive(t.Context())
	wantOver(t, err, ErrClosed)
	_, err = Open(ctx, client, server.ID(), patient())
	wantOver(t, err, context.Canceled)
	_, err = Ask(ctx, client, server.ID(), patient(), Message{Command: "ping"})
	wantOver(t, err, context.Canceled)
}

func TestContextEndsASend(t *testing.T) {
	server, client := loopback(t)
	asked := make(stuck)
	serve(t, server, patient(), asked.handle)
	d := dial(t, client, server, patient())
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // ends with the first request
		<-asked
		cancel()
	}()
	var err error
	for err == nil { // until the server's window is full and the context has ended
		err = d.Send(ctx, Message{Command: "block", Payload: make([]byte, 1<<20)})
	}
	wantOver(t, err, context.Canceled)
}

func TestResetAndCloseEndABlockedCall(t *testing.T) {
	for name, end := range map[string]func(*Dialogue){
		"reset": (*Dialogue).Reset,
		"close": func(d *Dialogue) { _ = d.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			server, client := loopback(t)
			asked := make(stuck)
			serve(t, server, patient(), asked.handle)
			d := dial(t, client, server, patient())
			if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
				t.Fatal(err)
			}
			go func() { // ends with the request
				<-asked
				end(d)
				end(d) // once more does nothing
			}()
			_, err := d.Receive(t.Context())
			wantOver(t, err, ErrClosed)
			wantOver(t, d.Send(t.Context(), Message{Command: "ping"}), ErrClosed)
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFailureIsChargedOnce(t *testing.T) {
	server, client := loopback(t)
	serve(t, server, patient(), func(context.Context, peer.ID, Message, *Answer) error {
		return errors.New("no")
	})
	d := dial(t, client, server, patient())
	if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
		t.Fatal(err)
	}
	_, err := d.Receive(t.Context())
	wantReason(t, err, server.ID(), events.Disconnected)
	_, err = d.Receive(t.Context())
	wantOver(t, err, ErrClosed)
}

func TestServersContextEndsItsStreams(t *testing.T) {
	server, client := loopback(t)
	ctx, stop := context.WithCancel(t.Context())
	asked := make(stuck)
	outcomes := make(chan Outcome, 10)
	s := NewServer(everybody{}, DefaultLimits(), func(o Outcome) { outcomes <- o })
	server.SetStreamHandler(patient().ID, s.Handler(ctx, patient(), asked.handle))
	idle := dial(t, client, server, patient())
	busy := dial(t, client, server, patient())
	if err := busy.Send(t.Context(), Message{Command: "ping"}); err != nil {
		t.Fatal(err)
	}
	<-asked
	stop()
	_, err := busy.Receive(t.Context())
	wantReason(t, err, server.ID(), events.Disconnected)
	if o := wantOutcome(t, outcomes, events.Stopping); o.Command != "ping" {
		t.Errorf("outcome %+v", o)
	}
	// Whoever asks now is sent away as well.
	if err := idle.Send(t.Context(), Message{Command: "ping"}); err == nil {
		_, err = idle.Receive(t.Context())
		wantReason(t, err, server.ID(), events.Disconnected)
	}
}

func TestConnectionEndsWithinAnAnswer(t *testing.T) {
	server, client := loopback(t)
	outcomes := serve(t, server, patient(), func(_ context.Context, _ peer.ID, _ Message, a *Answer) error {
		for {
			if err := a.Send("block", make([]byte, 1<<20)); err != nil {
				return err
			}
		}
	})
	d := dial(t, client, server, patient())
	if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := client.Network().ClosePeer(server.ID()); err != nil {
		t.Fatal(err)
	}
	if o := wantOutcome(t, outcomes, events.Disconnected); o.Out < 1<<20 {
		t.Errorf("outcome %+v", o)
	}
	for {
		if _, err := d.Receive(t.Context()); err != nil { // what had come by then is still good
			wantReason(t, err, server.ID(), events.Disconnected)
			break
		}
	}
}

func TestWhatWasSentBeforeCloseArrives(t *testing.T) {
	server, client := loopback(t)
	outcomes := serve(t, server, patient(), func(context.Context, peer.ID, Message, *Answer) error { return nil })
	for _, size := range []int{0, 100, 2_000_000} {
		d := dial(t, client, server, patient())
		for range 3 { // one way: nothing is ever received
			if err := d.Send(t.Context(), Message{Command: "block", Payload: pattern(size)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if o := wantOutcome(t, outcomes, ""); o.In != size+envelope.HeaderSize || o.Out != 0 {
				t.Errorf("outcome %+v", o)
			}
		}
	}
}

package exchange

import (
	"bytes"
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// These tests run over QUIC on simulated links in virtual time, so that deadlines
// are checked to the nanosecond.

const latency = 25 * time.Millisecond // each way

// strict is a contract whose deadlines differ from each other.
func strict() Spec {
	s := patient()
	s.Open, s.FirstByte, s.Grace, s.Floor, s.Idle = 7*time.Second, 20*time.Second, 5*time.Second, 10_000, 3*time.Minute
	return s
}

// virtual runs a test with two connected hosts in a bubble. At its end it gives
// what sleeps in a handler the time to wake up: the clock stops with the test.
func virtual(t *testing.T, test func(t *testing.T, server, client host.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, latency)
		testhost.Connect(t, hosts[1], hosts[0])
		test(t, hosts[0], hosts[1])
		time.Sleep(5 * time.Minute)
	})
}

// wantTook checks a duration that the links' latency may stretch a little.
func wantTook(t *testing.T, start time.Time, want time.Duration) {
	t.Helper()
	if took := time.Since(start); took < want || took > want+6*latency {
		t.Errorf("it took %v, want %v", took, want)
	}
}

// reply registers a server that reads one request and then does what it likes.
func reply(t *testing.T, h host.Host, spec Spec, do network.StreamHandler) {
	t.Helper()
	h.SetStreamHandler(spec.ID, func(s network.Stream) {
		if _, _, err := envelope.Read(s, spec.Net, spec.Requests); err != nil {
			t.Errorf("request: %v", err)
		}
		do(s)
	})
}

// drip writes bytes one by one until the stream ends.
func drip(s network.Stream, b []byte, every time.Duration) {
	for i := range b {
		if _, err := s.Write(b[i : i+1]); err != nil {
			return
		}
		time.Sleep(every)
	}
}

func TestAnswerTakesOneRoundTrip(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		outcomes := serve(t, server, strict(), echo)
		time.Sleep(time.Second) // identify tells the client of the protocol
		start := time.Now()
		m, err := Ask(t.Context(), client, server.ID(), strict(), Message{Command: "ping", Payload: []byte("hello")})
		if err != nil || string(m.Payload) != "hello" {
			t.Fatalf("%q, %v", m.Payload, err)
		}
		if took := time.Since(start); took < 2*latency || took >= 3*latency {
			t.Errorf("it took %v, a round trip is %v", took, 2*latency)
		}
		wantOutcome(t, outcomes, "")
	})
}

func TestSilentServerEndsAtFirstByte(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		reply(t, server, strict(), func(s network.Stream) {
			_, err := s.Read(make([]byte, 1)) // until the client gives up
			if err == nil || err == io.EOF {  //nolint:errorlint // io.EOF comes bare
				t.Errorf("the server saw %v, want a reset", err)
			}
		})
		d := dial(t, client, server, strict())
		if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := d.Receive(t.Context())
		wantReason(t, err, server.ID(), events.NoAnswer)
		if took := time.Since(start); took != strict().FirstByte {
			t.Errorf("it took %v, want %v exactly", took, strict().FirstByte)
		}
	})
}

func TestDrippingServerIsTooSlow(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		reply(t, server, spec, func(s network.Stream) {
			drip(s, envelope.Append(nil, spec.Net, "block", pattern(1000)), time.Second)
		})
		d := dial(t, client, server, spec)
		if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := d.Receive(t.Context())
		wantReason(t, err, server.ID(), events.TooSlow)
		wantTook(t, start, spec.Grace)
	})
}

func TestDrippingClientIsTooSlow(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		outcomes := serve(t, server, spec, echo)
		s := raw(t, client, server, spec)
		start := time.Now()
		go drip(s, envelope.Append(nil, spec.Net, "ping", pattern(1000)), time.Second) // ends with the stream
		if o := wantOutcome(t, outcomes, events.TooSlow); o.Command != "" || o.Duration < spec.Grace || o.Duration > spec.Grace+latency {
			t.Errorf("outcome %+v", o)
		}
		wantTook(t, start, spec.Grace)
	})
}

func TestServerThatStopsWithinAnAnswer(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		const sent = 100_000 // ten seconds at the floor
		reply(t, server, spec, func(s network.Stream) {
			_, _ = s.Write(envelope.Append(nil, spec.Net, "block", pattern(envelope.MaxPayload))[:sent])
		})
		d := dial(t, client, server, spec)
		if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := d.Receive(t.Context())
		wantReason(t, err, server.ID(), events.TooSlow)
		wantTook(t, start, spec.Grace+10*time.Second)
	})
}

func TestServerAtTheFloorIsFastEnough(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		answer := envelope.Append(nil, spec.Net, "block", pattern(300_000))
		reply(t, server, spec, func(s network.Stream) {
			for len(answer) > 0 {
				n := min(len(answer), spec.Floor)
				_, _ = s.Write(answer[:n])
				answer = answer[n:]
				time.Sleep(time.Second)
			}
		})
		d := dial(t, client, server, spec)
		if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
			t.Fatal(err)
		}
		m, err := d.Receive(t.Context())
		if err != nil || !bytes.Equal(m.Payload, pattern(300_000)) {
			t.Fatalf("%d bytes, %v", len(m.Payload), err)
		}
	})
}

func TestWholeBoundsAnAnswer(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		spec.Whole = 8 * time.Second
		reply(t, server, spec, func(s network.Stream) {
			answer := envelope.Append(nil, spec.Net, "block", pattern(2_000_000))
			for len(answer) > 0 { // twice as fast as the floor wants
				n := min(len(answer), 2*spec.Floor)
				if _, err := s.Write(answer[:n]); err != nil {
					return
				}
				answer = answer[n:]
				time.Sleep(time.Second)
			}
		})
		d := dial(t, client, server, spec)
		if err := d.Send(t.Context(), Message{Command: "ping"}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := d.Receive(t.Context())
		wantReason(t, err, server.ID(), events.TooSlow)
		if took := time.Since(start); took != spec.Whole {
			t.Errorf("it took %v, want %v exactly", took, spec.Whole)
		}
	})
}

func TestClientThatNeverReads(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		outcomes := serve(t, server, spec, func(_ context.Context, _ peer.ID, _ Message, a *Answer) error {
			for range 100 {
				if err := a.Send("block", make([]byte, 1_000_000)); err != nil {
					return err
				}
			}
			return nil
		})
		s := raw(t, client, server, spec)
		send(t, s, envelope.Append(nil, spec.Net, "ping", nil))
		o := wantOutcome(t, outcomes, events.TooSlow)
		// What the transport buffers, 512 KiB of window at first, counts as taken.
		if o.Out > 2_000_000 || o.Duration > spec.Grace+time.Duration(o.Out/spec.Floor)*time.Second+time.Second {
			t.Errorf("outcome %+v", o)
		}
	})
}

func TestClientThatReadsSlowlyIsServed(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		want := pattern(3_000_000)
		outcomes := serve(t, server, spec, func(_ context.Context, _ peer.ID, _ Message, a *Answer) error {
			return a.Send("block", want)
		})
		s := raw(t, client, server, spec)
		send(t, s, envelope.Append(nil, spec.Net, "ping", nil))
		got := make([]byte, envelope.HeaderSize+len(want))
		for at := 0; at < len(got); { // 50 kB/s, many graces long
			n := min(len(got), at+5*spec.Floor)
			if _, err := io.ReadFull(s, got[at:n]); err != nil {
				t.Fatalf("after %d bytes: %v", at, err)
			}
			at = n
			time.Sleep(time.Second)
		}
		if !bytes.Equal(got[envelope.HeaderSize:], want) {
			t.Error("the payload has changed")
		}
		if o := wantOutcome(t, outcomes, ""); o.Duration < 3*spec.Grace {
			t.Errorf("the test is too fast to show anything: %v", o.Duration)
		}
	})
}

func TestSendToAServerThatNeverReads(t *testing.T) {
	virtual(t, func(t *testing.T, server, client host.Host) {
		spec := strict()
		server.SetStreamHandler(spec.ID, func(network.Stream) {}) // and leaves it open
		d := dial(t, client, server, spec)
		var err error
		start, sent := time.Now(), 0
		for ; err == nil; sent++ {
			start = time.Now()
			err = d.Send(t.Context(), Message{Command: "block", Payload: make([]byte, 100_000)})
		}
		wantReason(t, err, server.ID(), events.TooSlow)
		if took := time.Since(start); took < spec.Grace || took > spec.Grace+10*time.Second {
			t.Errorf("it took %v after %d messages", took, sent)
		}
	})
}

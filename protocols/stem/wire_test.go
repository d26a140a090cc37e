package stem

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
)

type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

// sink hands on what arrives, and answers as told.
type sink struct {
	txs chan *btcutil.Tx
	err error
}

func (s sink) Stemmed(_ context.Context, _ peer.ID, tx *btcutil.Tx) error {
	s.txs <- tx
	return s.err
}

// listen makes a host take stems. It returns what arrives and the outcomes.
func listen(t *testing.T, h host.Host, verdict error) (<-chan *btcutil.Tx, <-chan exchange.Outcome) {
	t.Helper()
	s, outcomes := sink{make(chan *btcutil.Tx, 64), verdict}, make(chan exchange.Outcome, 64)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	server := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(o exchange.Outcome) { outcomes <- o })
	h.SetStreamHandler(Spec(params).ID, server.Handler(ctx, Spec(params), NewServer(s).Handle))
	return s.txs, outcomes
}

func sender(t *testing.T, h host.Host) *Sender {
	t.Helper()
	s := NewSender(h, params)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

func never(t *testing.T) func(error) {
	return func(err error) { t.Errorf("not handed over: %v", err) }
}

func TestTransactionsArriveInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 20*time.Millisecond)
		txs, _ := listen(t, hosts[1], nil)
		testhost.Connect(t, hosts[0], hosts[1])
		s := sender(t, hosts[0])
		s.Join(hosts[1].ID())
		for _, n := range []int{100, 600, 390_000} {
			s.Send(hosts[1].ID(), sized(t, n), never(t))
		}
		for _, n := range []int{100, 600, 390_000} {
			var w bytes.Buffer
			if err := (<-txs).MsgTx().Serialize(&w); err != nil || !bytes.Equal(w.Bytes(), sized(t, n)) {
				t.Errorf("the transaction of %d bytes is not what was sent: %v", n, err)
			}
		}
		streams := hosts[0].Network().ConnsToPeer(hosts[1].ID())[0].GetStreams()
		if n := len(slices.DeleteFunc(streams, func(s network.Stream) bool { return s.Protocol() != Spec(params).ID })); n != 1 {
			t.Errorf("%d streams for three transactions", n)
		}
	})
}

// A stream that the receiver has ended, when it rested for long or was restarted,
// costs no transaction.
func TestEndedStreamCostsNoTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 20*time.Millisecond)
		txs, _ := listen(t, hosts[1], nil)
		testhost.Connect(t, hosts[0], hosts[1])
		s := sender(t, hosts[0])
		s.Join(hosts[1].ID())
		for range 3 {
			s.Send(hosts[1].ID(), sized(t, 100), never(t))
			<-txs
			time.Sleep(Spec(params).Idle + time.Hour)
		}
	})
}

func TestWhatCannotBeHandedOverFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 3, 20*time.Millisecond)
		hosts[1].Network().SetStreamHandler(func(network.Stream) {})                                               // never negotiates
		hosts[2].SetStreamHandler(Spec(params).ID, func(s network.Stream) { <-t.Context().Done(); _ = s.Reset() }) // never reads
		s := sender(t, hosts[0])
		failed := make(chan error, 2000)
		note := func(err error) { failed <- err }
		s.Send(hosts[1].ID(), sized(t, 100), note)
		if err := <-failed; !errors.Is(err, ErrNotJoined) {
			t.Errorf("to a stranger: %v", err)
		}
		for _, h := range hosts[1:] {
			testhost.Connect(t, hosts[0], h)
			s.Join(h.ID())
		}
		s.Send(hosts[1].ID(), make([]byte, MaxPayload), note)
		if err := <-failed; !errors.Is(err, ErrTooLarge) {
			t.Errorf("too large: %v", err)
		}
		begun := time.Now()
		s.Send(hosts[1].ID(), sized(t, 100), note)
		if err := <-failed; err == nil || time.Since(begun) > Spec(params).Open+time.Second {
			t.Errorf("to a peer that does not negotiate: %v after %v", err, time.Since(begun))
		}
		// The window of a stream is 16 MB at most: then the peer that reads nothing shows.
		sent := 0
		for len(failed) == 0 && sent < 1000 {
			s.Send(hosts[2].ID(), sized(t, 390_000), note)
			sent++
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		if len(failed) == 0 || len(failed) > sent {
			t.Errorf("%d of %d failed", len(failed), sent)
		}
		// Whoever leaves fails what waits for it, each once.
		for len(failed) > 0 {
			<-failed
		}
		for range 10 {
			s.Send(hosts[1].ID(), sized(t, 100), note)
		}
		s.Leave(hosts[1].ID())
		for range 10 {
			<-failed
		}
		time.Sleep(time.Minute)
		if len(failed) > 0 {
			t.Errorf("%d failed twice", len(failed))
		}
	})
}

func TestHostileStemsAreCharged(t *testing.T) {
	type attack struct {
		raw  []byte
		want events.Reason
	}
	attacks := map[string]attack{
		"oversize":         {envelope.Append(nil, params.Net, dandeliontx, make([]byte, MaxPayload+1)), events.Oversize},
		"another network":  {envelope.Append(nil, 7, dandeliontx, nil), events.WrongStartString},
		"another command":  {envelope.Append(nil, params.Net, "tx", nil), events.UnknownCommand},
		"an end within it": {envelope.Append(nil, params.Net, dandeliontx, make([]byte, 512))[:200], events.Truncated},
	}
	for name, c := range broken(t) {
		attacks[name] = attack{envelope.Append(nil, params.Net, dandeliontx, c.payload), c.want}
	}
	for name, c := range attacks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts := testhost.New(t, 2, 20*time.Millisecond)
				txs, outcomes := listen(t, hosts[1], nil)
				testhost.Connect(t, hosts[0], hosts[1])
				stream, err := hosts[0].NewStream(t.Context(), hosts[1].ID(), Spec(params).ID)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = stream.Write(c.raw) // it may be reset meanwhile
				_ = stream.CloseWrite()
				if o := <-outcomes; o.Reason != c.want {
					t.Errorf("outcome %+v, want %s", o, c.want)
				}
				if len(txs) > 0 {
					t.Error("the sink was told")
				}
			})
		})
	}
}

// Nothing that becomes of a transaction shows: not a byte comes back, and the
// stream goes on. Only a peer that is at fault loses its stream.
func TestOutcomeDoesNotShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 3, 20*time.Millisecond)
		silent, _ := listen(t, hosts[1], nil)
		strict, outcomes := listen(t, hosts[2], &exchange.PeerError{Reason: events.InvalidTx, Err: errors.New("invalid")})
		payload, err := Encode(sized(t, 100))
		if err != nil {
			t.Fatal(err)
		}
		say := func(h host.Host) network.Stream {
			testhost.Connect(t, hosts[0], h)
			stream, err := hosts[0].NewStream(t.Context(), h.ID(), Spec(params).ID)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Write(envelope.Append(nil, params.Net, dandeliontx, payload)); err != nil {
				t.Fatal(err)
			}
			return stream
		}
		stream := say(hosts[1])
		<-silent
		if err := stream.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if n, err := stream.Read(make([]byte, 1)); n > 0 || err == nil || errors.Is(err, network.ErrReset) {
			t.Errorf("%d bytes came back, %v", n, err)
		}
		_ = stream.Reset()
		stream = say(hosts[2])
		<-strict
		if o := <-outcomes; o.Reason != events.InvalidTx {
			t.Errorf("outcome %+v", o)
		}
		if _, err := stream.Read(make([]byte, 1)); !errors.Is(err, network.ErrReset) {
			t.Errorf("the stream ended with %v, want a reset", err)
		}
	})
}

package status

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// asksOver puts a question of another protocol over one connection.
func asksOver(ctx context.Context, c network.Conn) error {
	_, err := exchange.Ask(ctx, exchange.On(c), c.RemotePeer(), probeSpec(), exchange.Message{Command: command})
	return err
}

// facing returns two ends that have dialled each other at the same moment.
func facing(t *testing.T) (a, b *side) {
	t.Helper()
	a, b = apart(t)
	var wg sync.WaitGroup
	for _, s := range [][2]*side{{a, b}, {b, a}} {
		wg.Go(func() {
			if err := s[0].host.Connect(t.Context(), peer.AddrInfo{ID: s[1].host.ID(), Addrs: s[1].host.Addrs()}); err != nil {
				t.Errorf("connect: %v", err)
			}
		})
	}
	wg.Wait()
	time.Sleep(time.Second)
	return a, b
}

// dialled returns the connection that one end has made to the other, as the
// former knows it and as the latter does.
func (s *side) dialled(t *testing.T, other *side) (here, there network.Conn) {
	t.Helper()
	pick := func(from, to *side, d network.Direction) network.Conn {
		for _, c := range from.host.Network().ConnsToPeer(to.host.ID()) {
			if c.Stat().Direction == d {
				return c
			}
		}
		t.Fatal("the two ends have not dialled each other")
		return nil
	}
	return pick(s, other, network.DirOutbound), pick(other, s, network.DirInbound)
}

func (s *side) leftovers(t *testing.T) {
	t.Helper()
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	if len(s.ledger.conns) != 0 || len(s.ledger.peers) != 0 {
		t.Errorf("left over: %d connections, %d peers", len(s.ledger.conns), len(s.ledger.peers))
	}
}

// A listener may lie as well: the dialler checks what it gets.
func TestGreetChecksTheAnswer(t *testing.T) {
	encoded := func(change func(*Status)) []byte {
		s := sample()
		change(&s)
		payload, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return payload
	}
	for name, c := range map[string]struct {
		answer []byte
		want   events.Reason
	}{
		"another genesis":      {encoded(func(s *Status) { s.Genesis = chainhash.Hash{1} }), events.WrongGenesis},
		"another version":      {encoded(func(s *Status) { s.Version = 0 }), events.WrongVersion},
		"the dialler's nonce":  {encoded(func(s *Status) { s.Nonce = 0 }), events.SelfConnection},
		"too short":            {make([]byte, fixedSize), events.Malformed},
		"a byte too many":      {append(encoded(func(*Status) {}), 0), events.TrailingBytes},
		"larger than a status": {make([]byte, maxPayload), events.TrailingBytes},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := sides(t)
				server := exchange.NewServer(b.ledger, exchange.DefaultLimits(), func(exchange.Outcome) {})
				handle := func(_ context.Context, _ peer.ID, _ exchange.Message, answer *exchange.Answer) error {
					return answer.Send(command, c.answer)
				}
				b.host.SetStreamHandler(a.handshake.Spec().ID, server.Handler(t.Context(), a.handshake.Spec(), handle))
				_, err := a.handshake.Greet(t.Context(), a.conn(b))
				charged, ok := errors.AsType[*exchange.PeerError](err)
				if !ok || charged.Reason != c.want || charged.Peer != b.host.ID() {
					t.Errorf("%v, want %s charged to the listener", err, c.want)
				}
				if a.ledger.peers[b.host.ID()] != 0 {
					t.Error("the listener is admitted")
				}
			})
		})
	}
}

func TestGreetGivesUpOnASilentListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sides(t)
		b.host.SetStreamHandler(a.handshake.Spec().ID, func(s network.Stream) {
			_, _ = s.Read(make([]byte, 1<<10)) // the status; nothing follows
		})
		begun := time.Now()
		_, err := a.handshake.Greet(t.Context(), a.conn(b))
		if reason := exchange.ReasonOf(err); reason != events.NoAnswer {
			t.Errorf("%v, want %s", err, events.NoAnswer)
		}
		if took := time.Since(begun); took < Timeout-time.Second || took > Timeout+time.Second {
			t.Errorf("it took %v, the handshake has %v", took, Timeout)
		}
	})
}

// Only the side that dialled puts a status.
func TestStatusOfTheDialledSideIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sides(t)
		if _, err := b.handshake.Greet(t.Context(), b.conn(a)); err == nil {
			t.Error("it was answered")
		}
		if o := <-a.outcomes; o.Reason != events.StatusTwice || o.Out != 0 || len(a.accepted) != 0 {
			t.Errorf("outcome %+v, %d accepted", o, len(a.accepted))
		}
	})
}

func TestQuestionOnAConnectionThatEndsIsNotCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sides(t)
		admitted := make(chan error, 1)
		c := a.conn(b)
		go func() { admitted <- a.ledger.Admit(t.Context(), c) }()
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-admitted; exchange.ReasonOf(err) != events.Disconnected {
			t.Errorf("%v, want %s", err, events.Disconnected)
		}
		if err := a.ledger.Admit(t.Context(), c); exchange.ReasonOf(err) != events.Disconnected {
			t.Errorf("on the ended connection: %v, want %s", err, events.Disconnected)
		}
		time.Sleep(time.Second)
		a.leftovers(t)
		b.leftovers(t)
	})
}

func TestQuestionDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sides(t)
		begun := time.Now()
		if err := a.ledger.Admit(t.Context(), a.conn(b)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if took := time.Since(begun); took != Timeout {
			t.Errorf("it waited %v, want %v", took, Timeout)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := a.ledger.Admit(ctx, a.conn(b)); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sides(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.ledger.Await(ctx, b.conn(a)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		c := b.conn(a)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := b.ledger.Await(t.Context(), c); !errors.Is(err, network.ErrNoConn) {
			t.Errorf("on an ended connection: %v", err)
		}
		time.Sleep(time.Second)
		b.leftovers(t)
	})
}

func TestOneHandshakeAdmitsOnEveryConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := facing(t)
		ours, _ := a.dialled(t, b)
		theirs, atA := b.dialled(t, a)
		if _, err := a.handshake.Greet(t.Context(), ours); err != nil {
			t.Fatal(err)
		}
		for _, c := range []network.Conn{theirs, atA} {
			if err := asksOver(t.Context(), c); err != nil {
				t.Errorf("a question on the other connection: %v", err)
			}
		}
		// That one's own handshake is still to be made, and counts.
		if _, err := b.handshake.Greet(t.Context(), theirs); err != nil {
			t.Fatalf("the second handshake: %v", err)
		}
		if err := ours.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := asksOver(t.Context(), theirs); err != nil {
			t.Errorf("after the first connection's end: %v", err)
		}
		if err := theirs.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		a.leftovers(t)
		b.leftovers(t)
	})
}

// Two nodes dial each other at once. What the other asks after our status may
// come over the connection that it dialled, and before its answer to us.
func TestQuestionOnTheOtherConnectionWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := facing(t)
		ours, _ := a.dialled(t, b)
		theirs, _ := b.dialled(t, a)
		a.ledger.begin(ours) // as Greet does first
		asked := make(chan error, 1)
		go func() { asked <- asksOver(t.Context(), theirs) }()
		time.Sleep(time.Second)
		if len(a.outcomes) != 0 {
			t.Fatalf("refused at once: %+v", <-a.outcomes)
		}
		if _, err := a.handshake.Greet(t.Context(), ours); err != nil {
			t.Fatal(err)
		}
		if err := <-asked; err != nil {
			t.Errorf("the question that waited: %v", err)
		}
	})
}

// A question on a connection whose own handshake hangs is let through as soon as
// another connection with the peer is greeted.
func TestHandshakeElsewhereWakesAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := facing(t)
		ours, _ := a.dialled(t, b)
		theirs, _ := b.dialled(t, a)
		admitted := make(chan error, 1)
		go func() { admitted <- a.ledger.Admit(t.Context(), ours) }()
		synctest.Wait()
		begun := time.Now()
		if _, err := b.handshake.Greet(t.Context(), theirs); err != nil {
			t.Fatal(err)
		}
		if err := <-admitted; err != nil {
			t.Errorf("%v", err)
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("it waited %v longer", took)
		}
	})
}

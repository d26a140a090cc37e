package status

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
)

var params = &chaincfg.RegressionNetParams

// golden is the payload of docs/protocol.md §4.
const golden = "01000000010000000000000006226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f0000000006226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f000000000000000000000000000000000000000000000000000000000000000200d2496b0000000088776655443322110a7061707075732f302e31"

func sample() Status {
	return Status{
		Version: Version, Services: Full, Genesis: *params.GenesisHash, Best: *params.GenesisHash,
		Work: blockchain.CalcWork(params.GenesisBlock.Header.Bits), Time: time.Unix(1_800_000_000, 0),
		Nonce: 0x1122334455667788, Agent: "pappus/0.1",
	}
}

func TestGoldenStatus(t *testing.T) {
	payload, err := sample().Encode()
	if err != nil || hex.EncodeToString(payload) != golden {
		t.Fatalf("%x, %v", payload, err)
	}
	s, err := Decode(payload)
	if err != nil || s.Work.Cmp(sample().Work) != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	s.Work = nil
	want := sample()
	want.Work = nil
	if s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
}

func TestEncodeRefusesWhatDoesNotFit(t *testing.T) {
	for name, change := range map[string]func(*Status){
		"a long agent":  func(s *Status) { s.Agent = strings.Repeat("x", MaxAgent+1) },
		"work of 2^256": func(s *Status) { s.Work = new(big.Int).Lsh(big.NewInt(1), 256) },
		"negative work": func(s *Status) { s.Work = big.NewInt(-1) },
	} {
		s := sample()
		change(&s)
		if _, err := s.Encode(); err == nil {
			t.Errorf("%s was encoded", name)
		}
	}
	s := sample()
	s.Agent = strings.Repeat("x", MaxAgent)
	if payload, err := s.Encode(); err != nil || len(payload) > maxPayload {
		t.Errorf("the longest agent: %d bytes, %v", len(payload), err)
	}
}

func TestDecodeFaults(t *testing.T) {
	good, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		payload []byte
		want    events.Reason
	}{
		"nothing":                {nil, events.Malformed},
		"the fixed part alone":   {good[:fixedSize], events.Malformed},
		"a cut agent":            {good[:len(good)-1], events.Malformed},
		"a byte too many":        {append(bytes.Clone(good), 0), events.TrailingBytes},
		"an agent of 257":        {append(bytes.Clone(good[:fixedSize]), append([]byte{0xfd, 1, 1}, make([]byte, 257)...)...), events.Malformed},
		"a length in long form":  {append(bytes.Clone(good[:fixedSize]), 0xfd, 1, 0, 'x'), events.Malformed},
		"an agent of 2^64 bytes": {append(bytes.Clone(good[:fixedSize]), bytes.Repeat([]byte{0xff}, 9)...), events.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode(c.payload); exchange.ReasonOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestAgentIsMadePrintable(t *testing.T) {
	s := Status{Agent: "a\x1b[31m<b>\x00\xff ü"}
	if got := s.PrintableAgent(); got != "a?[31m<b>?? ?" {
		t.Errorf("%q", got)
	}
}

func FuzzDecode(f *testing.F) {
	good, err := hex.DecodeString(golden)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := Decode(payload)
		if err != nil {
			if _, ok := errors.AsType[*envelope.Error](err); !ok {
				t.Errorf("no reason: %v", err)
			}
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, payload) || len(again) > maxPayload {
			t.Errorf("%x became %x: %v", payload, again, err)
		}
		_ = s.PrintableAgent()
	})
}

// side is one end of a connection.
type side struct {
	host      host.Host
	ledger    *Ledger
	handshake *Handshake
	accepted  []Status
	outcomes  chan exchange.Outcome
	say       Status
}

func (s *side) Status() Status { return s.say }

// probe is another protocol, which wants a status first.
const probe protocol.ID = "/pappus/regtest/probe/1"

func probeSpec() exchange.Spec {
	s := Spec(params)
	s.ID, s.Greeting = probe, false
	return s
}

// sides returns two connected ends; the first has dialled the second.
func sides(t *testing.T) (a, b *side) {
	t.Helper()
	a, b = apart(t)
	testhost.Connect(t, a.host, b.host)
	return a, b
}

// apart returns two ends that are not connected yet.
func apart(t *testing.T) (a, b *side) {
	t.Helper()
	hosts := testhost.New(t, 2, 50*time.Millisecond)
	both := make([]*side, 2)
	for i, h := range hosts {
		s := &side{host: h, ledger: NewLedger(), outcomes: make(chan exchange.Outcome, 16), say: sample()}
		s.say.Nonce = uint64(i)
		s.handshake = New(params, s, s.ledger, func(_ network.Conn, st Status) { s.accepted = append(s.accepted, st) })
		ctx, cancel := context.WithCancel(context.Background())
		t.Cleanup(cancel)
		server := exchange.NewServer(s.ledger, exchange.DefaultLimits(), func(o exchange.Outcome) { s.outcomes <- o })
		h.SetStreamHandler(s.handshake.Spec().ID, server.Handler(ctx, s.handshake.Spec(), s.handshake.Handle))
		h.SetStreamHandler(probe, server.Handler(ctx, probeSpec(), func(_ context.Context, _ peer.ID, m exchange.Message, answer *exchange.Answer) error {
			return answer.Send(m.Command, m.Payload)
		}))
		h.Network().Notify(&network.NotifyBundle{DisconnectedF: func(_ network.Network, c network.Conn) { s.ledger.Forget(c) }})
		both[i] = s
	}
	return both[0], both[1]
}

func (s *side) conn(other *side) network.Conn {
	return s.host.Network().ConnsToPeer(other.host.ID())[0]
}

// asks puts a question of another protocol.
func (s *side) asks(t *testing.T, other *side) error {
	t.Helper()
	_, err := exchange.Ask(t.Context(), s.host, other.host.ID(), probeSpec(), exchange.Message{Command: command})
	return err
}

func TestHandshakeAdmitsBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sides(t)
		a.say.Height = 7
		theirs, err := a.handshake.Greet(t.Context(), a.conn(b))
		if err != nil || theirs.Nonce != 1 {
			t.Fatalf("%+v, %v", theirs, err)
		}
		if len(b.accepted) != 1 || b.accepted[0].Height != 7 {
			t.Errorf("accepted %+v", b.accepted)
		}
		for _, s := range [][2]*side{{a, b}, {b, a}} {
			if err := s[0].asks(t, s[1]); err != nil {
				t.Errorf("a question after the handshake: %v", err)
			}
		}
		if err := b.ledger.Await(t.Context(), b.conn(a)); err != nil {
			t.Errorf("await: %v", err)
		}
	})
}

func TestQuestionBeforeStatusIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sides(t)
		if err := a.asks(t, b); err == nil {
			t.Error("it was answered")
		}
		if o := <-b.outcomes; o.Reason != events.BeforeStatus {
			t.Errorf("outcome %+v", o)
		}
	})
}

// The listener's first question may overtake the answer that it has just sent:
// the dialler lets it wait for its own handshake.
func TestQuestionThatOvertakesTheAnswerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sides(t)
		asked := make(chan error, 1)
		go func() { asked <- b.asks(t, a) }() // before any status
		time.Sleep(time.Second)
		if len(a.outcomes) != 0 {
			t.Fatalf("refused at once: %+v", <-a.outcomes)
		}
		if _, err := a.handshake.Greet(t.Context(), a.conn(b)); err != nil {
			t.Fatal(err)
		}
		if err := <-asked; err != nil {
			t.Errorf("the question that waited: %v", err)
		}
	})
}

func TestStatusThatDoesNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Status)
		want   events.Reason
	}{
		"another genesis":  {func(s *Status) { s.Genesis = chainhash.Hash{1} }, events.WrongGenesis},
		"another version":  {func(s *Status) { s.Version = 2 }, events.WrongVersion},
		"a node of itself": {func(s *Status) { s.Nonce = 1 }, events.SelfConnection},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := sides(t)
				c.change(&a.say)
				begun := time.Now()
				if s, err := a.handshake.Greet(t.Context(), a.conn(b)); err == nil {
					t.Errorf("answered with %+v", s)
				}
				if took := time.Since(begun); took > time.Second {
					t.Errorf("refused after %v", took)
				}
				if o := <-b.outcomes; o.Reason != c.want || len(b.accepted) != 0 || o.Out != 0 {
					t.Errorf("outcome %+v, %d accepted", o, len(b.accepted))
				}
				if err := a.asks(t, b); err == nil {
					t.Error("a question was answered after the refusal")
				}
			})
		})
	}
}

func TestSecondStatusIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sides(t)
		if _, err := a.handshake.Greet(t.Context(), a.conn(b)); err != nil {
			t.Fatal(err)
		}
		<-b.outcomes
		if _, err := a.handshake.Greet(t.Context(), a.conn(b)); err == nil {
			t.Error("a second status was answered")
		}
		if o := <-b.outcomes; o.Reason != events.StatusTwice {
			t.Errorf("outcome %+v", o)
		}
	})
}

func TestLedgerForgetsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sides(t)
		if _, err := a.handshake.Greet(t.Context(), a.conn(b)); err != nil {
			t.Fatal(err)
		}
		waiting := make(chan error, 1)
		if err := a.host.Network().ClosePeer(b.host.ID()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		testhost.Connect(t, a.host, b.host)
		go func() { waiting <- b.ledger.Await(t.Context(), b.conn(a)) }()
		if err := a.asks(t, b); err == nil {
			t.Error("the old handshake admits the new connection")
		}
		if err := a.host.Network().ClosePeer(b.host.ID()); err != nil {
			t.Fatal(err)
		}
		if err := <-waiting; err == nil {
			t.Error("await ended well for a connection that ended")
		}
		for _, s := range []*side{a, b} {
			time.Sleep(time.Second)
			s.ledger.mu.Lock()
			if len(s.ledger.conns) != 0 || len(s.ledger.peers) != 0 {
				t.Errorf("left over: %d connections, %d peers", len(s.ledger.conns), len(s.ledger.peers))
			}
			s.ledger.mu.Unlock()
		}
	})
}

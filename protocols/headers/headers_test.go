package headers

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/exchange"
)

var params = &chaincfg.RegressionNetParams

func genesis() wire.BlockHeader { return params.GenesisBlock.Header }

// row serves the headers after the first locator hash that is among them, or all.
type row []wire.BlockHeader

func (r row) HeadersAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []wire.BlockHeader {
	if len(locator) == 0 {
		i := slices.IndexFunc(r, func(h wire.BlockHeader) bool { return h.BlockHash() == stop })
		if i < 0 {
			return nil
		}
		return r[i : i+1]
	}
	from := slices.IndexFunc(r, func(h wire.BlockHeader) bool { return slices.Contains(locator, h.BlockHash()) }) + 1
	return r[from:min(len(r), from+most)]
}

// everybody admits everybody.
type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

// story runs in a bubble with a session to a server with the handler.
func story(t *testing.T, handle exchange.Handler, f func(t *testing.T, s *Session, outcomes <-chan exchange.Outcome)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 10*time.Millisecond)
		outcomes := make(chan exchange.Outcome, 16)
		ctx, cancel := context.WithCancel(context.Background())
		t.Cleanup(cancel)
		server := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(o exchange.Outcome) { outcomes <- o })
		hosts[1].SetStreamHandler(Spec(params).ID, server.Handler(ctx, Spec(params), handle))
		testhost.Connect(t, hosts[0], hosts[1])
		s, err := NewClient(hosts[0], params).Open(t.Context(), hosts[1].ID())
		if err != nil {
			t.Fatal(err)
		}
		f(t, s, outcomes)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestGoldenRequest(t *testing.T) {
	r := Request{Locator: []chainhash.Hash{*params.GenesisHash}}
	payload, err := r.Encode()
	const want = "801101000106226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f0000000000000000000000000000000000000000000000000000000000000000"
	if got := hex.EncodeToString(payload); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if _, err := (Request{Locator: make([]chainhash.Hash, MaxLocator+1)}).Encode(); err == nil {
		t.Error("a locator of 102 hashes was encoded")
	}
}

func TestFullMessagesFitTheSpec(t *testing.T) {
	spec := Spec(params)
	request, err := Request{Locator: make([]chainhash.Hash, MaxLocator)}.Encode()
	if err != nil || len(request) > int(spec.Requests[getheaders]) {
		t.Errorf("request of %d bytes, the limit is %d: %v", len(request), spec.Requests[getheaders], err)
	}
	answer, err := Encode(make([]wire.BlockHeader, MaxHeaders+1)) // so that one too many is told as such
	if err != nil || len(answer) > int(spec.Answers[reply]) {
		t.Errorf("answer of %d bytes, the limit is %d: %v", len(answer), spec.Answers[reply], err)
	}
}

func TestHeadersComeInTheOrderAsked(t *testing.T) {
	chain := row(chaingen.Headers(genesis(), 2500, 1))
	story(t, NewServer(chain).Handle, func(t *testing.T, s *Session, _ <-chan exchange.Outcome) {
		questions := []struct {
			locator []chainhash.Hash
			stop    chainhash.Hash
			want    []wire.BlockHeader
		}{
			{[]chainhash.Hash{*params.GenesisHash}, chainhash.Hash{}, chain[:2000]},
			{[]chainhash.Hash{chain[1999].BlockHash(), *params.GenesisHash}, chainhash.Hash{}, chain[2000:]},
			{[]chainhash.Hash{chain[2499].BlockHash()}, chainhash.Hash{}, nil},
			{nil, chain[7].BlockHash(), chain[7:8]},
			{nil, chainhash.Hash{1}, nil},
		}
		for _, q := range questions { // before any answer is read
			if err := s.Request(t.Context(), q.locator, q.stop); err != nil {
				t.Fatal(err)
			}
		}
		for i, q := range questions {
			if got, err := s.Next(t.Context()); err != nil || !slices.Equal(got, q.want) {
				t.Errorf("answer %d: %d headers, %v; want %d", i, len(got), err, len(q.want))
			}
		}
		if got, err := s.After(t.Context(), []chainhash.Hash{chain[2497].BlockHash()}, chainhash.Hash{}); err != nil || len(got) != 2 {
			t.Errorf("after: %d headers, %v", len(got), err)
		}
	})
}

func TestHostileAnswersAreCharged(t *testing.T) {
	long := chaingen.Headers(genesis(), MaxHeaders+1, 1)
	swapped := slices.Clone(long[:5])
	swapped[2], swapped[3] = swapped[3], swapped[2]
	hard := slices.Clone(long[:1])
	hard[0].Bits = 0x1d00ffff
	for name, c := range map[string]struct {
		headers []wire.BlockHeader
		stop    bool // one header was asked for by its hash
		want    events.Reason
	}{
		"2,001 headers":      {long, false, events.TooManyHeaders},
		"unsorted":           {swapped, false, events.UnsortedHeaders},
		"no work":            {hard, false, events.BadProofOfWork},
		"from the middle":    {long[4:9], false, events.UnconnectedHeaders},
		"another than asked": {long[:1], true, events.Unasked},
		"more than asked":    {long[:2], true, events.Unasked},
	} {
		t.Run(name, func(t *testing.T) {
			payload, err := Encode(c.headers)
			if err != nil {
				t.Fatal(err)
			}
			handle := func(_ context.Context, _ peer.ID, _ exchange.Message, answer *exchange.Answer) error {
				return answer.Send(reply, payload)
			}
			story(t, handle, func(t *testing.T, s *Session, _ <-chan exchange.Outcome) {
				locator, stop := []chainhash.Hash{*params.GenesisHash}, chainhash.Hash{}
				if c.stop {
					locator, stop = nil, chainhash.Hash{1}
				}
				if hs, err := s.After(t.Context(), locator, stop); exchange.ReasonOf(err) != c.want {
					t.Errorf("%d headers, %v; want %s", len(hs), err, c.want)
				}
				if _, err := s.After(t.Context(), locator, stop); err == nil {
					t.Error("the session goes on after the fault")
				}
			})
		})
	}
}

func TestAnswerTwiceIsUnasked(t *testing.T) {
	payload, err := Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	handle := func(_ context.Context, _ peer.ID, _ exchange.Message, answer *exchange.Answer) error {
		if err := answer.Send(reply, payload); err != nil {
			return err
		}
		return answer.Send(reply, payload)
	}
	story(t, handle, func(t *testing.T, s *Session, _ <-chan exchange.Outcome) {
		if _, err := s.After(t.Context(), []chainhash.Hash{*params.GenesisHash}, chainhash.Hash{}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Next(t.Context()); exchange.ReasonOf(err) != events.Unasked {
			t.Errorf("the second answer: %v", err)
		}
	})
}

func TestLongLocatorIsCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 10*time.Millisecond)
		outcomes := make(chan exchange.Outcome, 1)
		server := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(o exchange.Outcome) { outcomes <- o })
		hosts[1].SetStreamHandler(Spec(params).ID, server.Handler(t.Context(), Spec(params), NewServer(row(nil)).Handle))
		testhost.Connect(t, hosts[0], hosts[1])
		payload := append([]byte{0x80, 0x11, 1, 0, MaxLocator + 1}, make([]byte, (MaxLocator+2)*chainhash.HashSize)...)
		if _, err := exchange.Ask(t.Context(), hosts[0], hosts[1].ID(), Spec(params), exchange.Message{Command: getheaders, Payload: payload}); err == nil {
			t.Error("it was answered")
		}
		if o := <-outcomes; o.Reason != events.TooMany {
			t.Errorf("outcome %+v, want %s", o, events.TooMany)
		}
	})
}

func FuzzDecodeRequest(f *testing.F) {
	payload, err := Request{Locator: []chainhash.Hash{{1}, {2}}, Stop: chainhash.Hash{3}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := DecodeRequest(payload)
		if err != nil {
			if reason := exchange.ReasonOf(err); reason == "" || reason == events.Internal {
				t.Errorf("no reason: %v", err)
			}
			return
		}
		again, err := r.Encode()
		if err != nil || !bytes.Equal(again[4:], payload[4:]) { // the version may be any
			t.Errorf("%x became %x: %v", payload, again, err)
		}
	})
}

package headers

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// Block 1 of Bitcoin's mainnet.
const goldenBlock1 = "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000" +
	"982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299"

func TestMainnetHeadersPassTheCheck(t *testing.T) {
	first, err := hex.DecodeString("01" + goldenBlock1 + "00")
	if err != nil {
		t.Fatal(err)
	}
	hs, err := Decode(first)
	if err != nil || hs[0].PrevBlock != *chaincfg.MainNetParams.GenesisHash {
		t.Fatalf("%v, %v", hs, err)
	}
	if err := Check("peer", &chaincfg.MainNetParams, hs); err != nil {
		t.Error(err)
	}
	hs[0].Nonce++
	err = Check("peer", &chaincfg.MainNetParams, hs)
	if charged, ok := errors.AsType[*exchange.PeerError](err); !ok || charged.Peer != "peer" || charged.Reason != events.BadProofOfWork {
		t.Errorf("another nonce: %v", err)
	}
}

func TestMessagesOfOneTooManyFillTheSpec(t *testing.T) {
	spec := Spec(params)
	if got, want := int(spec.Requests[getheaders]), 4+1+102*32+32; got != want {
		t.Errorf("getheaders of %d bytes may come, 102 hashes take %d", got, want)
	}
	answer, err := Encode(make([]wire.BlockHeader, MaxHeaders+1))
	if err != nil || len(answer) != int(spec.Answers[reply]) {
		t.Errorf("2,001 headers take %d bytes, %d may come: %v", len(answer), spec.Answers[reply], err)
	}
}

func TestDecodeRequestFaults(t *testing.T) {
	good, err := Request{Locator: []chainhash.Hash{{1}, {2}}, Stop: chainhash.Hash{3}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	of := func(count []byte, hashes int) []byte {
		return slices.Concat(good[:4], count, make([]byte, (hashes+1)*chainhash.HashSize))
	}
	for name, c := range map[string]struct {
		payload []byte
		want    events.Reason
	}{
		"nothing":               {nil, events.Malformed},
		"the version alone":     {good[:4], events.Malformed},
		"no stop hash":          {good[:len(good)-chainhash.HashSize], events.Malformed},
		"cut off":               {good[:len(good)-1], events.Malformed},
		"a byte too many":       {append(slices.Clone(good), 0), events.TrailingBytes},
		"a count in long form":  {of([]byte{0xfd, 1, 0}, 1), events.Malformed},
		"101 hashes":            {of([]byte{101}, 101), ""},
		"102 hashes":            {of([]byte{102}, 102), events.TooMany},
		"102 hashes, 101 there": {of([]byte{102}, 101), events.Malformed},
		"2^64-1 hashes":         {of(bytes.Repeat([]byte{0xff}, 9), 2), events.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DecodeRequest(c.payload)
			if fault, ok := errors.AsType[*envelope.Error](err); ok != (c.want != "") || ok && fault.Reason != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestRequestTooLongHarmsNoSession(t *testing.T) {
	chain := row(chaingen.Headers(genesis(), 3, 1))
	story(t, NewServer(chain).Handle, func(t *testing.T, s *Session, _ <-chan exchange.Outcome) {
		if err := s.Request(t.Context(), make([]chainhash.Hash, MaxLocator+1), chainhash.Hash{}); err == nil {
			t.Error("a locator of 102 hashes was sent")
		}
		got, err := s.After(t.Context(), []chainhash.Hash{*params.GenesisHash}, chainhash.Hash{})
		if err != nil || !slices.Equal(got, chain) {
			t.Errorf("afterwards: %d headers, %v", len(got), err)
		}
	})
}

// The caller's locator is its own again once Request returns.
func TestLocatorMayBeReused(t *testing.T) {
	chain := row(chaingen.Headers(genesis(), 3, 1))
	story(t, NewServer(chain).Handle, func(t *testing.T, s *Session, _ <-chan exchange.Outcome) {
		locator := []chainhash.Hash{*params.GenesisHash}
		if err := s.Request(t.Context(), locator, chainhash.Hash{}); err != nil {
			t.Fatal(err)
		}
		locator[0] = chain[2].BlockHash()
		if got, err := s.Next(t.Context()); err != nil || !slices.Equal(got, chain) {
			t.Errorf("%d headers, %v", len(got), err)
		}
	})
}

func TestAskingAndReadingAtOnce(t *testing.T) {
	chain := row(chaingen.Headers(genesis(), 12, 1))
	story(t, NewServer(chain).Handle, func(t *testing.T, s *Session, _ <-chan exchange.Outcome) {
		sent := make(chan struct{}, len(chain))
		var wg sync.WaitGroup
		wg.Go(func() {
			defer close(sent)
			for i := range chain {
				if err := s.Request(t.Context(), nil, chain[i].BlockHash()); err != nil {
					t.Errorf("request %d: %v", i, err)
					return
				}
				sent <- struct{}{}
			}
		})
		i := 0
		for range sent {
			if got, err := s.Next(t.Context()); err != nil || len(got) != 1 || got[0] != chain[i] {
				t.Fatalf("answer %d: %v, %v", i, got, err)
			}
			i++
		}
		wg.Wait()
	})
}

func TestClosedSessionIsOver(t *testing.T) {
	story(t, NewServer(row(nil)).Handle, func(t *testing.T, s *Session, outcomes <-chan exchange.Outcome) {
		if _, err := s.After(t.Context(), []chainhash.Hash{*params.GenesisHash}, chainhash.Hash{}); err != nil {
			t.Fatal(err)
		}
		<-outcomes
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Request(t.Context(), nil, chainhash.Hash{1}); !errors.Is(err, exchange.ErrClosed) {
			t.Errorf("request: %v", err)
		}
		if _, err := s.Next(t.Context()); !errors.Is(err, exchange.ErrClosed) {
			t.Errorf("next: %v", err)
		}
		if len(outcomes) != 0 {
			t.Errorf("the server saw a fault: %+v", <-outcomes)
		}
	})
}

func TestMalformedAnswerIsCharged(t *testing.T) {
	good, err := Encode(chaingen.Headers(genesis(), 2, 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		payload []byte
		want    events.Reason
	}{
		"nothing":         {nil, events.Malformed},
		"cut off":         {good[:len(good)-1], events.Malformed},
		"a byte too many": {append(slices.Clone(good), 0), events.TrailingBytes},
		"transactions":    {append(slices.Clone(good[:len(good)-1]), 1), events.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			handle := func(_ context.Context, _ peer.ID, _ exchange.Message, answer *exchange.Answer) error {
				return answer.Send(reply, c.payload)
			}
			story(t, handle, func(t *testing.T, s *Session, _ <-chan exchange.Outcome) {
				_, err := s.After(t.Context(), []chainhash.Hash{*params.GenesisHash}, chainhash.Hash{})
				if charged, ok := errors.AsType[*exchange.PeerError](err); !ok || charged.Reason != c.want {
					t.Errorf("%v, want %s", err, c.want)
				}
				if _, err := s.Next(t.Context()); !errors.Is(err, exchange.ErrClosed) {
					t.Errorf("the session goes on: %v", err)
				}
			})
		})
	}
}

package objects

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/invlist"
)

// says makes a host answer every request with these very bytes, which no server of
// ours would send, and end the stream if it is to.
func says(t *testing.T, h host.Host, raw []byte, end bool) {
	t.Helper()
	h.SetStreamHandler(Spec(params).ID, func(s network.Stream) {
		if _, _, err := envelope.Read(s, params.Net, Spec(params).Requests); err != nil {
			t.Errorf("request: %v", err)
		}
		_, _ = s.Write(raw)
		if end {
			_ = s.CloseWrite()
		}
	})
}

// strip returns the block without any witness, the coinbase's included.
func strip(t *testing.T, b *btcutil.Block) []byte {
	t.Helper()
	var raw bytes.Buffer
	if err := b.MsgBlock().SerializeNoWitness(&raw); err != nil {
		t.Fatal(err)
	}
	return raw.Bytes()
}

func TestHostileAnswersAreCharged(t *testing.T) {
	b, s := chain(t)
	due := b.At(103)
	good := s[*due.Hash()]
	missing := func(hashes ...chainhash.Hash) []byte {
		payload, err := invlist.Encode(wire.InvTypeWitnessBlock, hashes)
		if err != nil {
			t.Fatal(err)
		}
		return payload
	}
	wrap := func(cmd envelope.Command, payload []byte) []byte {
		return envelope.Append(nil, params.Net, cmd, payload)
	}
	change := func(at int, with ...byte) []byte {
		raw := wrap(block, good)
		copy(raw[at:], with)
		return raw
	}
	type answer struct {
		raw  []byte
		end  bool
		want events.Reason
	}
	stories := map[string]answer{
		"another block":                 {wrap(block, s[*b.At(5).Hash()]), false, events.WrongBlock},
		"a byte too many":               {wrap(block, append(slices.Clone(good), 0)), false, events.TrailingBytes},
		"a byte too few":                {wrap(block, good[:len(good)-1]), false, events.Malformed},
		"a header alone":                {wrap(block, good[:80]), false, events.Malformed},
		"less than a header":            {wrap(block, good[:79]), false, events.Malformed},
		"no transactions":               {wrap(block, append(slices.Clone(good[:80]), 0)), false, events.MutatedBlock},
		"a count of 2^32":               {wrap(block, append(slices.Clone(good[:80]), 0xfe, 0xff, 0xff, 0xff, 0xff)), false, events.Malformed},
		"a transaction":                 {wrap(tx, []byte{1}), false, events.Unasked},
		"notfound of another":           {wrap(notfound, missing(chainhash.Hash{1})), false, events.Unasked},
		"notfound of nothing":           {wrap(notfound, missing()), false, events.Unasked},
		"notfound of two":               {wrap(notfound, missing(*due.Hash(), *due.Hash())), false, events.Oversize},
		"notfound that is cut off":      {wrap(notfound, missing(*due.Hash())[:36]), false, events.Malformed},
		"an unknown command":            {wrap("headers", []byte{0}), false, events.UnknownCommand},
		"another network's block":       {envelope.Append(nil, wire.MainNet, block, good), false, events.WrongStartString},
		"a byte above the limit":        {change(16, 0x01, 0x09, 0x3d, 0x00), false, events.Oversize},
		"a wrong checksum":              {change(20, 0, 0, 0, 0), false, events.BadChecksum},
		"a changed byte":                {change(200, ^wrap(block, good)[200]), false, events.BadChecksum},
		"padding":                       {change(15, 1), false, events.BadPadding},
		"the end after all but a byte":  {wrap(block, good)[:envelope.HeaderSize+len(good)-1], true, events.Truncated},
		"the end within a header":       {wrap(block, good)[:10], true, events.Truncated},
		"the end instead of an answer":  {nil, true, events.Disconnected},
		"silence":                       {nil, false, events.NoAnswer},
		"silence after all but a byte":  {wrap(block, good)[:envelope.HeaderSize+len(good)-1], false, events.TooSlow},
		"silence within a header":       {wrap(block, good)[:10], false, events.TooSlow},
		"4,000,000 bytes and nothing":   {change(16, 0x00, 0x09, 0x3d, 0x00)[:envelope.HeaderSize], false, events.TooSlow},
		"4,000,000 bytes and the end":   {change(16, 0x00, 0x09, 0x3d, 0x00)[:envelope.HeaderSize], true, events.Truncated},
		"inputs without end, and bytes": {wrap(block, append(slices.Clone(good[:80]), claimants["inputs"]...)), false, events.Malformed},
	}
	for _, m := range chaingen.Mutations() {
		bad, err := chaingen.Mutate(due, m)
		if err != nil {
			t.Fatal(err)
		}
		stories[m.String()] = answer{wrap(block, bytesOf(t, bad)), false, events.MutatedBlock}
	}
	for name, a := range stories {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts := testhost.New(t, 2, 10*time.Millisecond)
				says(t, hosts[1], a.raw, a.end)
				testhost.Connect(t, hosts[0], hosts[1])
				session, err := NewClient(hosts[0], params).Open(t.Context(), hosts[1].ID())
				if err != nil {
					t.Fatal(err)
				}
				if err := session.Request(t.Context(), []chainhash.Hash{*due.Hash()}); err != nil {
					t.Fatal(err)
				}
				r, err := session.Next(t.Context())
				charged, ok := errors.AsType[*exchange.PeerError](err)
				if !ok || charged.Reason != a.want || charged.Peer != hosts[1].ID() || r.Block != nil {
					t.Fatalf("block %v, error %v; want %s", r.Block != nil, err, a.want)
				}
				if _, err := session.Next(t.Context()); !errors.Is(err, exchange.ErrClosed) {
					t.Errorf("the session goes on after the fault: %v", err)
				}
				time.Sleep(time.Minute) // the reset arrives
			})
		})
	}
}

// A block without any witness may be one from before segwit, or stripped: the chain
// knows, this package does not.
func TestBlockWithoutAnyWitnessIsForTheChainToJudge(t *testing.T) {
	b, s := chain(t)
	due := b.At(103)
	s[*due.Hash()] = strip(t, due)
	story(t, NewServer(s).Handle, func(t *testing.T, c *Client, server peer.ID, _ <-chan exchange.Outcome) {
		session, err := c.Open(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		if err := session.Request(t.Context(), []chainhash.Hash{*due.Hash()}); err != nil {
			t.Fatal(err)
		}
		if r, err := session.Next(t.Context()); err != nil || r.Block == nil {
			t.Errorf("block %v, %v", r.Block != nil, err)
		}
	})
}

func TestAnswerThatWasNotAskedForIsCharged(t *testing.T) {
	b, s := chain(t)
	due := b.At(103)
	one := envelope.Append(nil, params.Net, block, s[*due.Hash()])
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 10*time.Millisecond)
		says(t, hosts[1], append(slices.Clone(one), one...), false)
		testhost.Connect(t, hosts[0], hosts[1])
		session, err := NewClient(hosts[0], params).Open(t.Context(), hosts[1].ID())
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Request(t.Context(), []chainhash.Hash{*due.Hash()}); err != nil {
			t.Fatal(err)
		}
		if r, err := session.Next(t.Context()); err != nil || r.Block == nil {
			t.Fatalf("block %v, %v", r.Block != nil, err)
		}
		if _, err := session.Next(t.Context()); exchange.ReasonOf(err) != events.Unasked {
			t.Errorf("the block once more: %v", err)
		}
		time.Sleep(time.Second)
	})
}

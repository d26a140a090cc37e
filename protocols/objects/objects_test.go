package objects

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
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

var params = &chaincfg.RegressionNetParams

var errDisk = errors.New("the disk is gone")

// shelf is a source of what lies in it; a nil entry cannot be read.
type shelf map[chainhash.Hash][]byte

func (s shelf) RawBlock(h chainhash.Hash) ([]byte, error) {
	raw, ok := s[h]
	switch {
	case !ok:
		return nil, ErrNotFound
	case raw == nil:
		return nil, errDisk
	}
	return raw, nil
}

func (s shelf) RawTx(_ peer.ID, h chainhash.Hash) ([]byte, error) { return s.RawBlock(h) }

// everybody admits everybody.
type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

// story runs in a bubble with a client, a server with the handler, and what the
// server observes.
func story(t *testing.T, handle exchange.Handler, f func(t *testing.T, c *Client, server peer.ID, outcomes <-chan exchange.Outcome)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 10*time.Millisecond)
		outcomes := make(chan exchange.Outcome, 16)
		serve(t, hosts[1], handle, outcomes)
		testhost.Connect(t, hosts[0], hosts[1])
		f(t, NewClient(hosts[0], params), hosts[1].ID(), outcomes)
	})
}

func serve(t *testing.T, h host.Host, handle exchange.Handler, outcomes chan<- exchange.Outcome) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	server := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(o exchange.Outcome) { outcomes <- o })
	spec := Spec(params)
	h.SetStreamHandler(spec.ID, server.Handler(ctx, spec, handle))
}

// chain returns a regtest chain whose last block but one can be mutated in every
// way, on a shelf.
func chain(tb testing.TB) (*chaingen.Builder, shelf) {
	tb.Helper()
	b := chaingen.NewBuilder(params, 3)
	b.Extend(102)
	b.NextBlock(b.Spend(4)...)
	b.Extend(1)
	s := make(shelf)
	for _, block := range b.Chain() {
		s[*block.Hash()] = bytesOf(tb, block)
	}
	return b, s
}

func bytesOf(tb testing.TB, b *btcutil.Block) []byte {
	tb.Helper()
	raw, err := b.Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestBlocksComeInTheOrderAsked(t *testing.T) {
	b, s := chain(t)
	story(t, NewServer(s).Handle, func(t *testing.T, c *Client, server peer.ID, _ <-chan exchange.Outcome) {
		session, err := c.Open(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		unknown := chainhash.Hash{9}
		first := []chainhash.Hash{*b.At(7).Hash(), unknown, *b.At(2).Hash()}
		second := []chainhash.Hash{*b.At(103).Hash()}
		for _, hashes := range [][]chainhash.Hash{first, second} { // before any answer is read
			if err := session.Request(t.Context(), hashes); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range append(first, second...) {
			r, err := session.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Hash != want || (r.Block == nil) != (want == unknown) {
				t.Errorf("answer for %v, block %v; want %v", r.Hash, r.Block != nil, want)
			}
			if r.Block == nil {
				continue
			}
			if raw, err := r.Block.Bytes(); err != nil || !bytes.Equal(raw, s[want]) || r.Bytes != len(raw) {
				t.Errorf("block %v is not what was sent: %v", want, err)
			}
		}
	})
}

func TestItemTypes(t *testing.T) {
	b, s := chain(t)
	block := b.At(103)
	tx := block.Transactions()[1]
	var raw bytes.Buffer
	if err := tx.MsgTx().Serialize(&raw); err != nil {
		t.Fatal(err)
	}
	s[*tx.Hash()] = raw.Bytes()
	for kind, c := range map[wire.InvType]struct {
		hash chainhash.Hash
		cmd  envelope.Command
	}{
		wire.InvTypeBlock:                {*block.Hash(), "block"},
		wire.InvTypeWitnessBlock:         {*block.Hash(), "block"},
		wire.InvTypeTx:                   {*tx.Hash(), "tx"},
		wire.InvTypeWitnessTx:            {*tx.Hash(), "tx"},
		wire.InvTypeFilteredBlock:        {*block.Hash(), "notfound"},
		wire.InvTypeFilteredWitnessBlock: {*block.Hash(), "notfound"},
		77:                               {*block.Hash(), "notfound"},
	} {
		t.Run(kind.String(), func(t *testing.T) {
			story(t, NewServer(s).Handle, func(t *testing.T, c2 *Client, server peer.ID, _ <-chan exchange.Outcome) {
				payload, err := invlist.Encode(kind, []chainhash.Hash{c.hash})
				if err != nil {
					t.Fatal(err)
				}
				m, err := exchange.Ask(t.Context(), c2.opener, server, Spec(params), exchange.Message{Command: getdata, Payload: payload})
				if err != nil || m.Command != c.cmd {
					t.Fatalf("%s, %v; want %s", m.Command, err, c.cmd)
				}
				want := s[c.hash]
				if c.cmd == notfound {
					want = payload
				}
				if !bytes.Equal(m.Payload, want) {
					t.Errorf("%x, want %x", m.Payload, want)
				}
			})
		})
	}
}

func TestTooManyItemsAreCharged(t *testing.T) {
	story(t, NewServer(shelf{}).Handle, func(t *testing.T, c *Client, server peer.ID, outcomes <-chan exchange.Outcome) {
		payload, err := invlist.Encode(wire.InvTypeBlock, make([]chainhash.Hash, MaxItems+1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := exchange.Ask(t.Context(), c.opener, server, Spec(params), exchange.Message{Command: getdata, Payload: payload}); err == nil {
			t.Error("1,025 items were answered")
		}
		if o := <-outcomes; o.Reason != events.TooMany {
			t.Errorf("outcome %+v, want %s", o, events.TooMany)
		}
	})
}

func TestOwnFaultIsNobodysCharge(t *testing.T) {
	story(t, NewServer(shelf{{1}: nil}).Handle, func(t *testing.T, c *Client, server peer.ID, outcomes <-chan exchange.Outcome) {
		session, err := c.Open(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Request(t.Context(), []chainhash.Hash{{1}}); err != nil {
			t.Fatal(err)
		}
		if _, err := session.Next(t.Context()); err == nil {
			t.Error("an unreadable block was answered")
		}
		if o := <-outcomes; o.Reason != events.Internal || !errors.Is(o.Err, errDisk) {
			t.Errorf("outcome %+v, want %s", o, events.Internal)
		}
	})
}

func TestTxIsCheckedToo(t *testing.T) {
	b, s := chain(t)
	txs := b.At(103).Transactions()
	for i, as := range []int{0, 2} { // the right one, another one in its place
		var raw bytes.Buffer
		if err := txs[as].MsgTx().Serialize(&raw); err != nil {
			t.Fatal(err)
		}
		s[*txs[i].Hash()] = raw.Bytes()
	}
	story(t, NewServer(s).Handle, func(t *testing.T, c *Client, server peer.ID, _ <-chan exchange.Outcome) {
		if got, err := c.Tx(t.Context(), server, *txs[0].Hash()); err != nil || *got.Hash() != *txs[0].Hash() {
			t.Errorf("transaction %v, %v", got, err)
		}
		if _, err := c.Tx(t.Context(), server, *txs[1].Hash()); exchange.ReasonOf(err) != events.WrongTx {
			t.Errorf("another transaction in its place: %v", err)
		}
		if _, err := c.Tx(t.Context(), server, chainhash.Hash{8}); !errors.Is(err, ErrNotFound) {
			t.Errorf("an unknown transaction: %v", err)
		}
	})
}

func FuzzParseBlock(f *testing.F) {
	b, s := chain(f)
	f.Add(s[*b.At(1).Hash()])
	f.Add(s[*b.At(103).Hash()])
	for _, m := range chaingen.Mutations() {
		bad, err := chaingen.Mutate(b.At(103), m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytesOf(f, bad))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) < 80 {
			return
		}
		want := chainhash.DoubleHashH(raw[:80])
		got, err := parseBlock("p", raw, want)
		if err != nil {
			if exchange.ReasonOf(err) == events.Internal {
				t.Errorf("no reason: %v", err)
			}
			return
		}
		var again bytes.Buffer
		if err := got.MsgBlock().Serialize(&again); err != nil || !bytes.Equal(again.Bytes(), raw) {
			t.Errorf("what was accepted encodes to other bytes: %v", err)
		}
		if *got.Hash() != want {
			t.Errorf("hash %v, want %v", got.Hash(), want)
		}
	})
}

func TestTransactionsAndBlocksComeOverOneSession(t *testing.T) {
	b, s := chain(t)
	block := b.At(103)
	tx := block.Transactions()[1]
	var raw bytes.Buffer
	if err := tx.MsgTx().Serialize(&raw); err != nil {
		t.Fatal(err)
	}
	s[*tx.Hash()] = raw.Bytes()
	other := *block.Transactions()[0].Hash()
	story(t, NewServer(s).Handle, func(t *testing.T, c *Client, server peer.ID, _ <-chan exchange.Outcome) {
		session, err := c.Open(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		if err := session.RequestTxs(t.Context(), []chainhash.Hash{*tx.Hash(), other}); err != nil {
			t.Fatal(err)
		}
		if err := session.Request(t.Context(), []chainhash.Hash{*block.Hash()}); err != nil {
			t.Fatal(err)
		}
		for i, want := range []chainhash.Hash{*tx.Hash(), other, *block.Hash()} {
			r, err := session.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Hash != want || (r.Tx != nil) != (i == 0) || (r.Block != nil) != (i == 2) {
				t.Errorf("answer %d: %+v", i, r)
			}
			if r.Tx != nil && *r.Tx.WitnessHash() != *tx.WitnessHash() {
				t.Error("the transaction has lost its witness")
			}
		}
	})
	// Another transaction than the one asked for.
	s[other] = raw.Bytes()
	story(t, NewServer(s).Handle, func(t *testing.T, c *Client, server peer.ID, _ <-chan exchange.Outcome) {
		session, err := c.Open(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		if err := session.RequestTxs(t.Context(), []chainhash.Hash{other}); err != nil {
			t.Fatal(err)
		}
		if r, err := session.Next(t.Context()); exchange.ReasonOf(err) != events.WrongTx || r.Hash != other {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

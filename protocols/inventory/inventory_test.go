package inventory

import (
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
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/invlist"
)

var params = &chaincfg.RegressionNetParams

// list is a source of numbered hashes.
type list struct{ blocks, txs int }

func hash(i int) chainhash.Hash { return chainhash.Hash{byte(i), byte(i >> 8)} }

func (l list) BlocksAfter(_ []chainhash.Hash, stop chainhash.Hash, most int) []chainhash.Hash {
	var out []chainhash.Hash
	for i := 1; i <= min(l.blocks, most); i++ {
		out = append(out, hash(i))
		if hash(i) == stop {
			break
		}
	}
	return out
}

func (l list) MempoolHashes(_ peer.ID, most int) []chainhash.Hash {
	var out []chainhash.Hash
	for i := range min(l.txs, most) {
		out = append(out, hash(i))
	}
	return out
}

// everybody admits everybody.
type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

func story(t *testing.T, handle exchange.Handler, f func(t *testing.T, c *Client, server peer.ID, outcomes <-chan exchange.Outcome)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		hosts := testhost.New(t, 2, 10*time.Millisecond)
		outcomes := make(chan exchange.Outcome, 16)
		ctx, cancel := context.WithCancel(context.Background())
		t.Cleanup(cancel)
		server := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(o exchange.Outcome) { outcomes <- o })
		hosts[1].SetStreamHandler(Spec(params).ID, server.Handler(ctx, Spec(params), handle))
		testhost.Connect(t, hosts[0], hosts[1])
		f(t, NewClient(hosts[0], params), hosts[1].ID(), outcomes)
	})
}

func TestGoldenInv(t *testing.T) {
	payload, err := invlist.Encode(wire.InvTypeBlock, []chainhash.Hash{{0xaa}})
	const want = "0102000000aa00000000000000000000000000000000000000000000000000000000000000"
	if got := hex.EncodeToString(payload); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestBlocksAndMempool(t *testing.T) {
	story(t, NewServer(list{blocks: 600, txs: 2000}).Handle, func(t *testing.T, c *Client, server peer.ID, _ <-chan exchange.Outcome) {
		blocks, err := c.Blocks(t.Context(), server, []chainhash.Hash{{1}}, chainhash.Hash{})
		if err != nil || len(blocks) != MaxBlocks || blocks[0] != hash(1) {
			t.Errorf("%d blocks, %v", len(blocks), err)
		}
		blocks, err = c.Blocks(t.Context(), server, []chainhash.Hash{{1}}, hash(3))
		if err != nil || !slices.Equal(blocks, []chainhash.Hash{hash(1), hash(2), hash(3)}) {
			t.Errorf("blocks to a stop hash: %v, %v", blocks, err)
		}
		txs, err := c.Mempool(t.Context(), server)
		if err != nil || len(txs) != MaxTxs {
			t.Errorf("%d transactions, %v", len(txs), err)
		}
	})
}

func TestHostileAnswersAreCharged(t *testing.T) {
	many, err := invlist.Encode(wire.InvTypeBlock, make([]chainhash.Hash, MaxBlocks+1))
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := invlist.Encode(wire.InvTypeTx, make([]chainhash.Hash, 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		payload []byte
		want    events.Reason
	}{
		"501 blocks":        {many, events.TooMany},
		"transactions":      {wrong, events.Unasked},
		"a byte too many":   {append(slices.Clone(wrong), 0), events.TrailingBytes},
		"cut off":           {wrong[:20], events.Malformed},
		"a count too large": {[]byte{0xfe, 0xff, 0xff, 0xff, 0xff}, events.TooMany},
	} {
		t.Run(name, func(t *testing.T) {
			handle := func(_ context.Context, _ peer.ID, _ exchange.Message, answer *exchange.Answer) error {
				return answer.Send(inv, c.payload)
			}
			story(t, handle, func(t *testing.T, client *Client, server peer.ID, _ <-chan exchange.Outcome) {
				if _, err := client.Blocks(t.Context(), server, nil, chainhash.Hash{}); exchange.ReasonOf(err) != c.want {
					t.Errorf("%v, want %s", err, c.want)
				}
			})
		})
	}
}

func TestLongLocatorIsCharged(t *testing.T) {
	story(t, NewServer(list{}).Handle, func(t *testing.T, c *Client, server peer.ID, outcomes <-chan exchange.Outcome) {
		if _, err := c.Blocks(t.Context(), server, make([]chainhash.Hash, MaxLocator+1), chainhash.Hash{}); err == nil {
			t.Error("the client sends a locator of 102 hashes")
		}
		payload := append([]byte{0x80, 0x11, 1, 0, MaxLocator + 1}, make([]byte, (MaxLocator+2)*chainhash.HashSize)...)
		if _, err := exchange.Ask(t.Context(), c.opener, server, Spec(params), exchange.Message{Command: getblocks, Payload: payload}); err == nil {
			t.Error("a locator of 102 hashes was answered")
		}
		if o := <-outcomes; o.Reason != events.TooMany {
			t.Errorf("outcome %+v, want %s", o, events.TooMany)
		}
	})
}

func FuzzDecodeInv(f *testing.F) {
	payload, err := invlist.Encode(wire.InvTypeBlock, []chainhash.Hash{{1}, {2}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		hashes, err := decodeInv(payload, wire.InvTypeBlock, MaxBlocks)
		if err != nil {
			return
		}
		if again, err := invlist.Encode(wire.InvTypeBlock, hashes); err != nil || !slices.Equal(again, payload) {
			t.Errorf("%x became %x: %v", payload, again, err)
		}
	})
}

func FuzzDecodeGetBlocks(f *testing.F) {
	payload, err := encodeGetBlocks([]chainhash.Hash{{1}}, chainhash.Hash{2})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		locator, stop, err := decodeGetBlocks(payload)
		if err != nil {
			return
		}
		again, err := encodeGetBlocks(locator, stop)
		if err != nil || !slices.Equal(again[4:], payload[4:]) { // the version may be any
			t.Errorf("%x became %x: %v", payload, again, err)
		}
	})
}

package blocksync

import (
	"context"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headers"
	"github.com/pappus-network/pappus/protocols/objects"
)

// library serves a chain from memory.
type library struct {
	tree   *headertree.Tree
	blocks map[chainhash.Hash]*btcutil.Block
}

func (l library) HeadersAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []wire.BlockHeader {
	return l.tree.After(locator, stop, most)
}

func (l library) RawBlock(hash chainhash.Hash) ([]byte, error) {
	if b := l.blocks[hash]; b != nil {
		return b.Bytes()
	}
	return nil, objects.ErrNotFound
}

func (l library) RawTx(peer.ID, chainhash.Hash) ([]byte, error) { return nil, objects.ErrNotFound }

// everybody admits everybody.
type everybody struct{}

func (everybody) Admit(context.Context, network.Conn) error { return nil }

// TestSyncOverStreams syncs from two servers over real streams.
func TestSyncOverStreams(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		all := blocks(2500)
		shelf := library{tree: headertree.New(params), blocks: make(map[chainhash.Hash]*btcutil.Block)}
		if _, err := shelf.tree.Add(time.Now(), headersOf(all)); err != nil {
			t.Fatal(err)
		}
		for _, b := range all {
			shelf.blocks[*b.Hash()] = b
		}
		hosts := testhost.New(t, 3, 10*time.Millisecond)
		ours := hosts[0]
		asker := Peers{Headers: headers.NewClient(ours, params), Blocks: objects.NewClient(ours, params)}
		w.run(asker, asker)
		for _, h := range hosts[1:] {
			server := exchange.NewServer(everybody{}, exchange.DefaultLimits(), func(exchange.Outcome) {})
			spec := headers.Spec(params)
			h.SetStreamHandler(spec.ID, server.Handler(t.Context(), spec, headers.NewServer(shelf).Handle))
			spec = objects.Spec(params)
			h.SetStreamHandler(spec.ID, server.Handler(t.Context(), spec, objects.NewServer(shelf).Handle))
			testhost.Connect(t, ours, h)
			w.sync.Join(h.ID(), *all[2499].Hash(), 2500, true)
		}
		w.synced(all[2499], time.Minute)
		if w.everybodysFaults() > 0 {
			t.Errorf("charges: %v", w.charges)
		}
	})
}

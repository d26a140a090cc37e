package node_test

import (
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/relay"
)

// What a spy needs: whoever brings a transaction first is told before the transaction
// is taken, by each mechanism in its own way.
func TestEventsTellWhoBroughtATransaction(t *testing.T) {
	for _, kind := range []relay.Kind{relay.Flood, relay.Gossip, relay.Dandelion} {
		t.Run(string(kind), func(t *testing.T) {
			testnet.Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
				nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Broadcast = string(kind) })
				spy, ids := nodes[1].Bus().Subscribe(), make([]peer.ID, 0, len(nodes))
				defer spy.Close()
				for _, n := range nodes {
					ids = append(ids, n.Host().ID())
				}
				tx := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
				if err := nodes[0].Submit(t.Context(), tx); err != nil {
					t.Fatal(err)
				}
				spread(t, nodes, tx, 2*time.Minute)
				time.Sleep(time.Second)
				var first *events.TxHeard
				for len(spy.C) > 0 {
					switch e := (<-spy.C).(type) {
					case events.TxHeard:
						if first == nil && slices.Contains(e.Txs, *tx.Hash()) {
							first = &e
						}
					case events.TxAccepted:
						if e.Tx == *tx.Hash() && first == nil {
							t.Error("accepted before it was heard of")
						}
					}
				}
				if first == nil {
					t.Fatal("nobody has brought it")
				}
				// A stem of three nodes may come by way of the third.
				if first.From == ids[1] || (kind != relay.Dandelion && (first.From != ids[0] || first.Stem)) {
					t.Errorf("it came from %s, in its stem: %v; it is %s's", first.From, first.Stem, ids[0])
				}
			})
		})
	}
}

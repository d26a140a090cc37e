package node_test

import (
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/relay/journal"
)

// Two operators name each other's nodes. Whose node was quicker to dial had a stem peer,
// and the other none: its transactions waited for their embargo, and then it published them
// itself. A peer that is named is this node's own choice, whoever has dialled.
func TestNamedPeerIsAStemWhoeverHasDialled(t *testing.T) {
	testnet.Run(t, 2, func(t *testing.T, chains []*chain.Chain) {
		if _, err := chains[1].Mine(t.Context(), purse.Anybody(), 120); err != nil {
			t.Fatal(err)
		}
		hash, _ := chains[1].BlockHash(2)
		raw, err := chains[1].StoredBlock(hash)
		if err != nil {
			t.Fatal(err)
		}
		b, err := btcutil.NewBlockFromBytes(raw)
		if err != nil {
			t.Fatal(err)
		}
		hosts := testhost.New(t, 2, 50*time.Millisecond)
		testhost.Connect(t, hosts[0], hosts[1]) // the other one was quicker
		named := hosts[0].Addrs()[0].String() + "/p2p/" + hosts[0].ID().String()
		other := testnet.NewNode(t, hosts[0], chains[0], 0)
		owner := testnet.NewNode(t, hosts[1], chains[1], 1, func(cfg *node.Config) {
			cfg.AddNode, cfg.Embargo = []string{named}, 1000*time.Hour
		})
		heard := listen(other.Host(), "stem")
		other.Await(owner, time.Minute)
		tx := purse.Pay(purse.Payment{Fee: 1000}, purse.Mined(b)...)
		if err := owner.Submit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if e, _ := owner.Own(*tx.Hash()); e.State != journal.Stemmed || !heard.contain(serialize(t, tx)) {
			t.Errorf("the journal says %+v", e)
		}
	})
}

package node_test

import (
	"testing"
	"time"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/relay"
	"github.com/pappus-network/pappus/relay/journal"
)

// A block that held an owner's only transaction left the main chain, and the journal said
// "mined" for ever: with nothing pending nobody looked at blocks, neither at those that
// come nor at those that go.
func TestOwnerLearnsThatABlockHasGone(t *testing.T) {
	testnet.Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Broadcast = string(relay.Gossip) })
		owner, other := nodes[0], nodes[2]
		for _, n := range nodes[:2] {
			if err := other.Host().Network().ClosePeer(n.Host().ID()); err != nil {
				t.Fatal(err)
			}
		}
		tx := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
		if err := owner.Submit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		owner.Mine(1)
		time.Sleep(time.Second)
		if e, _ := owner.Own(*tx.Hash()); e.State != journal.Mined || e.Height != 121 {
			t.Fatalf("the journal says %+v", e)
		}
		other.Mine(3) // without it
		other.Connect(owner)
		owner.Await(other, time.Minute)
		time.Sleep(time.Second)
		if e, _ := owner.Own(*tx.Hash()); e.State == journal.Mined || e.Unmined != 1 || e.Height != 0 {
			t.Errorf("its block has gone, and the journal says %+v", e)
		}
		owner.Mine(1)
		time.Sleep(time.Second)
		if e, _ := owner.Own(*tx.Hash()); e.State != journal.Mined || e.Height != 124 {
			t.Errorf("in another block it is, and the journal says %+v", e)
		}
	})
}

// The bus drops events for a reader that is slow. It was the blocks that went, among a
// flood of others, and with them the news that a transaction was mined.
func TestOwnerLearnsOfBlocksInACrowd(t *testing.T) {
	testnet.Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Broadcast = string(relay.Gossip) })
		owner := nodes[0]
		tx := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
		if err := owner.Submit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		for range 5000 { // more than a reader's queue holds: nobody reads until this goroutine rests
			owner.Bus().Emit(events.TxRefused{Reason: events.LowFeeTx})
		}
		hashes, err := owner.Chain().Mine(t.Context(), purse.Anybody(), 1)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if e, _ := owner.Own(*tx.Hash()); e.State != journal.Mined || e.Block != hashes[0] {
			t.Errorf("the journal says %+v", e)
		}
	})
}

package node_test

import (
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"

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

// A reorganisation to a branch that spends the same otherwise: an owner read "it waits for
// another block" of what no block can hold any more.
func TestOwnerLearnsOfADoubleSpend(t *testing.T) {
	testnet.Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Broadcast = string(relay.Gossip) })
		owner, other := nodes[0], nodes[2]
		for _, n := range nodes[:2] {
			if err := other.Host().Network().ClosePeer(n.Host().ID()); err != nil {
				t.Fatal(err)
			}
		}
		spent := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
		child := purse.Pay(purse.Payment{Fee: 1000}, purse.Coins(spent)...)
		safe := purse.Pay(purse.Payment{Fee: 1000}, coins[1])
		grandchild := purse.Pay(purse.Payment{Fee: 1000}, purse.Coins(safe)...)
		for _, tx := range []*btcutil.Tx{spent, child, safe, grandchild} {
			if err := owner.Submit(t.Context(), tx); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		owner.Mine(1)
		if err := other.Chain().Submit(purse.Pay(purse.Payment{Fee: 2000}, coins[0])); err != nil {
			t.Fatal(err)
		}
		other.Mine(3)
		other.Connect(owner)
		owner.Await(other, time.Minute)
		time.Sleep(time.Second)
		for _, tx := range []*btcutil.Tx{spent, child} {
			if e, _ := owner.Own(*tx.Hash()); e.State != journal.Dropped || (e.Why != string(events.OrphanTx) && e.Why != string(events.ConflictTx)) {
				t.Errorf("no block can hold it, and the journal says %+v", e)
			}
		}
		for _, tx := range []*btcutil.Tx{safe, grandchild} {
			if e, _ := owner.Own(*tx.Hash()); e.State == journal.Dropped || e.State == journal.Mined || !owner.Chain().Mempool().Have(*tx.Hash()) {
				t.Errorf("it waits for a block, and the journal says %+v", e)
			}
		}
	})
}

// What its owner has given up others may have kept: nobody looked at blocks for it.
func TestOwnerLearnsThatWhatWasGivenUpIsMined(t *testing.T) {
	testnet.Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Embargo = 1000 * time.Hour })
		for _, n := range nodes[1:] {
			listen(n.Host(), "stem")
		}
		owner := nodes[0]
		tx := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
		if err := owner.Submit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if !owner.Abort(*tx.Hash()) {
			t.Fatal("it is not in its stem")
		}
		miner := nodes[1]
		for _, n := range nodes { // or the owner would hear of it
			if n != miner {
				if err := miner.Host().Network().ClosePeer(n.Host().ID()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := miner.Chain().Submit(tx); err != nil {
			t.Fatal(err)
		}
		miner.Mine(1)
		miner.Connect(owner)
		owner.Await(miner, time.Minute)
		time.Sleep(time.Second)
		if e, _ := owner.Own(*tx.Hash()); e.State != journal.Mined || e.Height != 121 {
			t.Errorf("the journal says %+v", e)
		}
	})
}

// An embargo ended just as others had published the transaction, and its owner was told
// that it is not valid any more: "make it again". Here the mempool has it from elsewhere.
func TestEmbargoThatEndsTooLateDropsNothing(t *testing.T) {
	testnet.Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
		nodes, coins := ring(t, chains)
		for _, n := range nodes[1:] {
			listen(n.Host(), "stem")
		}
		tx := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
		if err := nodes[0].Submit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
		if err := nodes[0].Chain().Submit(tx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if e, _ := nodes[0].Own(*tx.Hash()); e.State != journal.Fluffed && e.State != journal.Seen {
			t.Errorf("the journal says %+v", e)
		}
	})
}

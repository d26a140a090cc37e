package node_test

import (
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/libp2p/go-libp2p/core/host"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/relay"
	"github.com/pappus-network/pappus/relay/journal"
)

// ring is nodes of which each has dialled the next two, with a chain that holds ripe
// coins.
func ring(t *testing.T, chains []*chain.Chain, adjust ...func(*node.Config)) ([]*testnet.Node, []purse.Coin) {
	t.Helper()
	return ringOf(t, testhost.New(t, len(chains), 50*time.Millisecond), chains, adjust...)
}

// ringOf is ring on given hosts.
func ringOf(t *testing.T, hosts []host.Host, chains []*chain.Chain, adjust ...func(*node.Config)) ([]*testnet.Node, []purse.Coin) {
	t.Helper()
	nodes := make([]*testnet.Node, len(chains))
	for i, h := range hosts {
		nodes[i] = testnet.NewNode(t, h, chains[i], uint64(i), adjust...) // a small count
	}
	hashes, err := chains[0].Mine(t.Context(), purse.Anybody(), 120)
	if err != nil {
		t.Fatal(err)
	}
	var coins []purse.Coin
	for _, hash := range hashes[:20] {
		raw, err := chains[0].StoredBlock(hash)
		if err != nil {
			t.Fatal(err)
		}
		b, err := btcutil.NewBlockFromBytes(raw)
		if err != nil {
			t.Fatal(err)
		}
		coins = append(coins, purse.Mined(b)...)
	}
	for i, n := range nodes {
		n.Connect(nodes[(i+1)%len(nodes)])
		n.Connect(nodes[(i+2)%len(nodes)])
	}
	for _, n := range nodes[1:] {
		n.Await(nodes[0], time.Minute)
	}
	time.Sleep(10 * time.Second) // meshes form
	return nodes, coins
}

// spread waits until all nodes have a transaction in their mempools and returns how
// long it took.
func spread(t *testing.T, nodes []*testnet.Node, tx *btcutil.Tx, limit time.Duration) time.Duration {
	t.Helper()
	begun := time.Now()
	for _, n := range nodes {
		for !n.Chain().Mempool().Have(*tx.Hash()) {
			if time.Since(begun) > limit {
				t.Fatalf("after %v node %s does not have the transaction", limit, n.Host().ID())
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return time.Since(begun)
}

func TestEachMechanismReachesEverybody(t *testing.T) {
	for _, c := range []struct {
		broadcast, fluff relay.Kind
		limit            time.Duration
	}{
		{relay.Flood, relay.Gossip, 5 * time.Second},
		{relay.Diffusion, relay.Gossip, 2 * time.Minute},
		{relay.Gossip, relay.Gossip, 2 * time.Second},
		{relay.Dandelion, relay.Gossip, 2 * time.Minute},
		{relay.Dandelion, relay.Diffusion, 4 * time.Minute},
	} {
		t.Run(string(c.broadcast+"+"+c.fluff), func(t *testing.T) {
			testnet.Run(t, 8, func(t *testing.T, chains []*chain.Chain) {
				nodes, coins := ring(t, chains, func(cfg *node.Config) { cfg.Broadcast, cfg.Fluff = string(c.broadcast), string(c.fluff) })
				tx := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
				if err := nodes[3].Submit(t.Context(), tx); err != nil {
					t.Fatal(err)
				}
				took := spread(t, nodes, tx, c.limit)
				t.Logf("%v", took)
				time.Sleep(3 * time.Minute) // somebody is asked for what waits with it
				e, ok := nodes[3].Own(*tx.Hash())
				if !ok || e.Fluffed.IsZero() || e.State != journal.Seen || e.Peers < 1 {
					t.Errorf("the owner's journal says %+v", e)
				}
				if c.broadcast == relay.Dandelion && (len(e.Stems) == 0 || e.Fluffed.Before(e.Stems[0])) {
					t.Errorf("the owner's journal says %+v", e)
				}
				for i, n := range nodes {
					if _, ok := n.Own(*tx.Hash()); ok != (i == 3) {
						t.Errorf("node %d owns it: %v", i, ok)
					}
				}
				nodes[5].Mine(1)
				nodes[3].Await(nodes[5], time.Minute)
				time.Sleep(time.Second)
				if e, _ := nodes[3].Own(*tx.Hash()); e.State != journal.Mined || e.Height != 121 {
					t.Errorf("after a block the owner's journal says %+v", e)
				}
			})
		})
	}
}

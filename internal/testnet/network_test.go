package testnet

import (
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/node"
)

// many is the size of the networks here.
func many() int {
	if testing.Short() {
		return 30
	}
	return 100
}

func plan() Plan {
	return Plan{Nodes: many(), Outbound: Outbound, Coins: 40, Seed: 1, Adjust: func(cfg *node.Config) { cfg.Rotate = 0 }}
}

func (net *Network) anybody() *Node { return net.Nodes[net.Rng.IntN(len(net.Nodes))] }

// pay makes a transaction of one of the coins.
func (net *Network) pay(coin int) *btcutil.Tx {
	return purse.Pay(purse.Payment{Fee: 1000}, net.Coins[coin])
}

func TestBlockReachesEveryNode(t *testing.T) {
	RunNetwork(t, plan(), func(t *testing.T, net *Network) {
		watch := NewWatch(net.Nodes, ConnectedBlocks)
		defer watch.Stop()
		for range 3 {
			begun, miner := time.Now(), net.anybody()
			miner.Mine(1)
			begun = begun.Add(time.Second) // when it was found
			tip := miner.Chain().Tip().Hash
			if !watch.Await(tip, time.Minute) {
				t.Fatalf("%d of %d nodes have the block", len(watch.Since(begun, tip)), len(net.Nodes))
			}
			after := watch.Since(begun, tip)
			t.Logf("half of the nodes have the block after %v, all after %v", Quantile(after, 0.5), Quantile(after, 1))
			if took := Quantile(after, 1); took > 5*time.Second { // header, question, block; some four hops
				t.Errorf("the last node has it after %v", took)
			}
		}
		if !Agree(net.Nodes) {
			t.Error("they do not agree")
		}
	})
}

// Whoever ends a stem publishes, and has the transaction in its mempool before all others.
// That is the origin only if its embargo has ended or the stem has led back to it.
func TestStemHidesTheOriginAndReachesEveryNode(t *testing.T) {
	late := map[string]bool{"embargo": true, "loop": true}
	fluffs := func(after bool) func(events.Event) (chainhash.Hash, bool) {
		return func(e events.Event) (chainhash.Hash, bool) {
			f, ok := e.(events.TxFluffed)
			return f.Tx, ok && late[f.Cause] == after
		}
	}
	RunNetwork(t, plan(), func(t *testing.T, net *Network) {
		accepted, atOnce, later := NewWatch(net.Nodes, AcceptedTxs), NewWatch(net.Nodes, fluffs(false)), NewWatch(net.Nodes, fluffs(true))
		defer accepted.Stop()
		defer atOnce.Stop()
		defer later.Stop()
		for i := range 5 {
			tx, origin := net.pay(i), net.Rng.IntN(len(net.Nodes))
			begun, id := time.Now(), *tx.Hash()
			if err := net.Nodes[origin].Submit(t.Context(), tx); err != nil {
				t.Fatal(err)
			}
			if !accepted.Await(id, 5*time.Minute) {
				t.Fatalf("%d of %d nodes have it", len(accepted.Since(begun, id)), len(net.Nodes))
			}
			after := accepted.Since(begun, id)
			t.Logf("the first node has it after %v, half after %v, all after %v", after[0], Quantile(after, 0.5), Quantile(after, 1))
			if !atOnce.Times(id)[origin].IsZero() {
				t.Error("the origin has fluffed its own transaction at once")
			}
			first := accepted.Times(id)[origin].Equal(begun.Add(after[0]))
			if first && later.Times(id)[origin].IsZero() {
				t.Error("the origin was the first to publish")
			}
		}
	})
}

func TestHalvesOfANetworkAgreeAfterACut(t *testing.T) {
	p := plan()
	p.Kept = true
	RunNetwork(t, p, func(t *testing.T, net *Network) {
		half := len(net.Nodes) / 2
		halves := [][]*Node{net.Nodes[:half], net.Nodes[half:]}
		net.Split(func(host int) int { return host / half })
		time.Sleep(time.Minute) // the links between them are given up
		for i, nodes := range halves {
			nodes[0].Mine(3 + i)
			time.Sleep(10 * time.Second)
			if !Agree(nodes) {
				t.Fatalf("half %d does not agree", i)
			}
		}
		if Agree(net.Nodes) {
			t.Fatal("the halves were not apart")
		}
		tip := halves[1][0].Chain().Tip().Hash
		watch := NewWatch(halves[0], ConnectedBlocks)
		defer watch.Stop()
		healed := time.Now()
		net.Split(nil)
		if !watch.Await(tip, 3*time.Minute) || !Agree(net.Nodes) {
			t.Fatalf("%d of %d nodes have left the shorter branch", len(watch.Since(healed, tip)), half)
		}
		after := watch.Since(healed, tip)
		t.Logf("the first node of the other half has the longer branch after %v, half of them after %v, all agree after %v",
			after[0], Quantile(after, 0.5), Quantile(after, 1))
		// One link of some 400 that is dialled again is enough; each is at the latest
		// after one and a half times the longest pause of the keeper, 60 s.
		if took := Quantile(after, 1); took > 100*time.Second {
			t.Errorf("all agree after %v", took)
		}
	})
}

func TestTransactionsSurviveRotation(t *testing.T) {
	p := plan()
	p.Nodes, p.Outbound = 20, 4 // for a quarter of an hour
	p.Adjust = func(cfg *node.Config) { cfg.Rotate = time.Minute }
	RunNetwork(t, p, func(t *testing.T, net *Network) {
		rotations := 0
		rotated := NewWatch(net.Nodes, func(e events.Event) (chainhash.Hash, bool) {
			down, ok := e.(events.PeerDown)
			return chainhash.HashH([]byte(down.Peer)), ok && down.Reason == events.Rotated
		})
		defer rotated.Stop()
		accepted := NewWatch(net.Nodes, AcceptedTxs)
		defer accepted.Stop()
		time.Sleep(10 * time.Minute) // a link is kept for so long at least
		var txs []*btcutil.Tx
		for i := range 20 {
			tx := net.pay(i)
			if err := net.anybody().Submit(t.Context(), tx); err != nil {
				t.Fatal(err)
			}
			txs = append(txs, tx)
			time.Sleep(10 * time.Second)
		}
		for _, tx := range txs {
			if !accepted.Await(*tx.Hash(), 5*time.Minute) {
				t.Errorf("a transaction has reached %d of %d nodes", len(accepted.Since(Epoch(), *tx.Hash())), len(net.Nodes))
			}
		}
		for _, h := range net.Hosts {
			rotations += len(rotated.Since(Epoch(), chainhash.HashH([]byte(h.ID()))))
		}
		t.Logf("%d links rotated", rotations)
		if rotations < len(net.Nodes) {
			t.Errorf("%d links rotated while transactions came: too few to show anything", rotations)
		}
	})
}

func TestHalfOfTheNodesCrash(t *testing.T) {
	RunNetwork(t, plan(), func(t *testing.T, net *Network) {
		order := net.Rng.Perm(len(net.Nodes))
		var left []*Node
		for i, number := range order {
			if i < len(order)/2 {
				net.Crash(number)
			} else {
				left = append(left, net.Nodes[number])
			}
		}
		accepted, connected := NewWatch(left, AcceptedTxs), NewWatch(left, ConnectedBlocks)
		defer accepted.Stop()
		defer connected.Stop()
		// At once: half of the stems end at a dead peer, whose silence nobody has noticed.
		for i := range 5 {
			begun, tx := time.Now(), net.pay(i)
			if err := left[i].Submit(t.Context(), tx); err != nil {
				t.Fatal(err)
			}
			if !accepted.Await(*tx.Hash(), 5*time.Minute) {
				t.Errorf("a transaction has reached %d of %d nodes", len(accepted.Since(begun, *tx.Hash())), len(left))
				continue
			}
			t.Logf("all that are left have a transaction after %v", Quantile(accepted.Since(begun, *tx.Hash()), 1))
		}
		left[0].Mine(1)
		tip := left[0].Chain().Tip().Hash
		if !connected.Await(tip, time.Minute) || !Agree(left) {
			t.Errorf("a block has reached %d of %d nodes", len(connected.Since(Epoch(), tip)), len(left))
		}
		if left[0].Chain().Mempool().Count() != 0 {
			t.Error("the transactions are not in the block")
		}
	})
}

package node_test

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/store"
)

// ups returns the links that have come up so far, by what they are for, and tells the test's log
// of all that came and went.
func ups(t *testing.T, sub *node.Subscription) map[events.LinkKind][]peer.ID {
	t.Helper()
	kinds := make(map[events.LinkKind][]peer.ID)
	for {
		select {
		case e := <-sub.C:
			switch e := e.(type) {
			case events.PeerUp:
				kinds[e.Kind] = append(kinds[e.Kind], e.Peer)
				t.Logf("up %v, %s from %v", e.Peer, e.Kind, e.Origin)
			case events.PeerDown:
				t.Logf("down %v: %s", e.Peer, e.Reason)
			case events.Charged:
				t.Logf("charged %v: %v", e.Peer, e.Err)
			}
		default:
			return kinds
		}
	}
}

// A node of five links has one for blocks alone. Started again when of all its peers just
// that one is there, it comes back to it: blocks pass, and transactions neither way.
func TestAnchorCarriesBlocksAlone(t *testing.T) {
	testnet.Run(t, 7, func(t *testing.T, chains []*chain.Chain) {
		hosts := testhost.New(t, len(chains), latency)
		coins := testnet.Grow(t, chains[1], 2)
		st := store.OpenMemory()
		run := func(seed uint64) *testnet.Node {
			return testnet.NewNodeOf(t, node.Parts{Host: hosts[0], Chain: chains[0], Store: st}, seed, func(cfg *node.Config) {
				cfg.Outbound, cfg.Rotate = 5, 0
			})
		}
		a := run(1)
		sub := a.Bus().Subscribe()
		defer sub.Close()
		others := make(map[peer.ID]*testnet.Node)
		for i, h := range hosts[1:] {
			n := testnet.NewQuietNode(t, h, chains[i+1], uint64(i+2)) // a small count
			others[h.ID()] = n
			n.Connect(a)
			time.Sleep(time.Second)
			if err := h.Network().ClosePeer(hosts[0].ID()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		kinds := ups(t, sub)
		if len(kinds[events.FullRelay]) != 4 || len(kinds[events.BlockRelay]) != 1 {
			t.Fatalf("links came up: %v", kinds)
		}
		anchor := others[kinds[events.BlockRelay][0]]
		anchor.Await(others[hosts[1].ID()], time.Minute)
		a.Stop()
		for id, n := range others {
			_ = hosts[0].Network().ClosePeer(id)
			if n != anchor {
				n.Stop()
				_ = n.Host().Close()
			}
		}
		again := run(20)
		sub = again.Bus().Subscribe()
		time.Sleep(10 * time.Second)
		if kinds := ups(t, sub); len(kinds) != 1 || len(kinds[events.BlockRelay]) != 1 || kinds[events.BlockRelay][0] != anchor.Host().ID() {
			t.Fatalf("after a restart came up: %v", kinds)
		}
		anchor.Mine(1)
		again.Await(anchor, time.Minute)

		theirs, ours := purse.Pay(purse.Payment{Fee: 1000}, coins[0]), purse.Pay(purse.Payment{Fee: 1000}, coins[1])
		if err := anchor.Submit(t.Context(), theirs); err != nil {
			t.Fatal(err)
		}
		if err := again.Submit(t.Context(), ours); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Minute) // embargoes end, mempools are asked for
		if again.Chain().Mempool().Have(*theirs.Hash()) || anchor.Chain().Mempool().Have(*ours.Hash()) {
			t.Error("a transaction has crossed a link for blocks alone")
		}
		if !anchor.Chain().Mempool().Have(*theirs.Hash()) || !again.Chain().Mempool().Have(*ours.Hash()) {
			t.Error("a transaction is not even at its origin: this shows nothing")
		}
	})
}

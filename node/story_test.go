package node_test

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/internal/testnet"
)

func TestLongerBranchWinsEverywhere(t *testing.T) {
	testnet.Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
		nodes := testnet.Nodes(t, chains, latency)
		a, b, c := nodes[0], nodes[1], nodes[2]
		a.Mine(5)
		c.Connect(a)
		c.Await(a, time.Minute)
		b.Mine(9) // a branch of its own, from genesis, that nobody has seen
		c.Connect(b)
		c.Await(b, time.Minute)
		a.Await(b, time.Minute)
	})
}

func TestAllPeersLeaveAndComeBack(t *testing.T) {
	testnet.Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
		nodes := testnet.Nodes(t, chains, latency)
		a, b, c := nodes[0], nodes[1], nodes[2]
		a.Mine(20)
		b.Connect(a)
		b.Await(a, time.Minute)
		c.Connect(a)
		c.Connect(b)
		c.Await(a, time.Minute)
		for _, n := range []*testnet.Node{a, b} {
			if err := c.Host().Network().ClosePeer(n.Host().ID()); err != nil {
				t.Fatal(err)
			}
		}
		a.Mine(10)
		b.Await(a, time.Minute)
		time.Sleep(time.Minute)
		if h := c.Chain().Tip().Height; h != 20 {
			t.Errorf("height %d without a peer, want 20", h)
		}
		c.Connect(b)
		c.Await(a, time.Minute)
	})
}

// A connection that breaks in the middle of a download costs what was under way,
// no more.
func TestDownloadGoesOnAfterACut(t *testing.T) {
	testnet.Run(t, 2, func(t *testing.T, chains []*chain.Chain) {
		nodes := testnet.Nodes(t, chains, 200*time.Millisecond)
		a, b := nodes[0], nodes[1]
		if _, err := a.Chain().Mine(t.Context(), []byte{0x51}, 800); err != nil {
			t.Fatal(err)
		}
		b.Connect(a)
		time.Sleep(2 * time.Second)
		before := b.Chain().Tip().Height
		if err := b.Host().Network().ClosePeer(a.Host().ID()); err != nil {
			t.Fatal(err)
		}
		if before == 800 {
			t.Fatal("the download was over before the cut")
		}
		time.Sleep(10 * time.Second)
		b.Connect(a)
		b.Await(a, time.Minute)
		if b.Host().Network().Connectedness(a.Host().ID()) != network.Connected {
			t.Error("the peer was dropped for the cut")
		}
	})
}

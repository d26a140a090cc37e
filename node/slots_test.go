package node_test

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
)

// A newcomer to a full node that has asked whom the node knows makes room for the next one at once.
func TestGuestGoesWhenItIsTold(t *testing.T) {
	testnet.Run(t, 10, func(t *testing.T, chains []*chain.Chain) {
		hosts := testhost.New(t, len(chains), 20*time.Millisecond)
		var nodes []*testnet.Node
		for i, h := range hosts {
			nodes = append(nodes, testnet.NewQuietNode(t, h, chains[i], uint64(i), func(cfg *node.Config) { cfg.MaxPeers = 8 })) // a small count
		}
		full, guest := nodes[0], nodes[9]
		gone := full.Bus().Subscribe()
		defer gone.Close()
		for _, other := range nodes[1:9] {
			other.Connect(full)
			time.Sleep(20 * time.Second)
		}
		guest.Connect(full)
		for _, c := range []struct {
			after time.Duration
			links int
		}{{time.Second, 9}, {4 * time.Second, 8}} {
			time.Sleep(c.after)
			if n := len(full.Host().Network().Peers()); n != c.links {
				t.Errorf("%d links %v later, want %d", n, c.after, c.links)
			}
		}
	})
}

// A node with twelve links, as on a small machine, holds no more of them, keeps those
// that it has opened, and still takes a newcomer in, in another's place.
func TestSmallNodeHoldsItsSlots(t *testing.T) {
	testnet.Run(t, 16, func(t *testing.T, chains []*chain.Chain) {
		hosts := testhost.New(t, len(chains), 20*time.Millisecond)
		nodes := make([]*testnet.Node, len(chains))
		for i, h := range hosts {
			nodes[i] = testnet.NewQuietNode(t, h, chains[i], uint64(i), func(cfg *node.Config) { // a small count
				cfg.MaxPeers, cfg.Rotate = 12, 0
				if i == 0 {
					cfg.Outbound = 3 // a feeler, and eight slots
				}
			})
		}
		small := nodes[0]
		gone := small.Bus().Subscribe()
		defer gone.Close()
		for _, other := range nodes[1:4] {
			small.Connect(other)
		}
		time.Sleep(time.Second)
		for _, other := range nodes[4:] { // twelve
			other.Connect(small)
			time.Sleep(10 * time.Second)
		}
		time.Sleep(time.Second) // until the last one is a guest no more
		inbound, last := 0, false
		for _, other := range nodes[4:] {
			for _, c := range other.Host().Network().ConnsToPeer(small.Host().ID()) {
				if c.Stat().Direction == network.DirOutbound { // the small one's feelers come and go
					inbound++
					last = other == nodes[len(nodes)-1]
				}
			}
		}
		if inbound != 8 || !last {
			t.Errorf("%d inbound links; the newcomer has one: %v", inbound, last)
		}
		for i, other := range nodes[1:4] {
			if len(small.Host().Network().ConnsToPeer(other.Host().ID())) == 0 {
				t.Errorf("outbound link %d is gone", i)
			}
		}
		evicted := 0
		for len(gone.C) > 0 {
			if e, ok := (<-gone.C).(events.PeerDown); ok && e.Reason == events.Evicted {
				evicted++
			}
		}
		if evicted != 4 {
			t.Errorf("%d links made way for newcomers, want 4", evicted)
		}
	})
}

package node_test

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/testnet"
)

// Over eight hours the links of a node that knows eight peers and has dialled three change
// one at a time, and never are there fewer than three.
func TestLinksRotate(t *testing.T) {
	testnet.Run(t, 9, func(t *testing.T, chains []*chain.Chain) {
		nodes := testnet.Nodes(t, chains, 20*time.Millisecond)
		a := nodes[0]
		for _, n := range nodes[1:] { // into the address book, by their own word
			a.Connect(n)
		}
		time.Sleep(time.Second)
		for _, n := range nodes[4:] {
			if err := a.Host().Network().ClosePeer(n.Host().ID()); err != nil {
				t.Fatal(err)
			}
			a.Host().Peerstore().ClearAddrs(n.Host().ID())
		}
		time.Sleep(time.Second)
		sub := a.Bus().Subscribe()
		defer sub.Close()
		met, up, least, rotated := make(map[peer.ID]bool), 3, 3, 0
		for end := time.After(8 * time.Hour); ; {
			select {
			case e := <-sub.C:
				switch e := e.(type) {
				case events.PeerUp:
					met[e.Peer] = true
					up++
				case events.PeerDown:
					up--
					least = min(least, up)
					if e.Reason == events.Rotated {
						rotated++
					}
				}
				continue
			case <-end:
			}
			break
		}
		// 16 rotations, Poisson: ± 4·√16, but for the links' least age of 10 min.
		if least < 3 || up != 3 || rotated < 3 || rotated > 32 || len(met) < 3 {
			t.Errorf("at least %d links, %d at the end, %d rotations, %d peers met", least, up, rotated, len(met))
		}
		for _, n := range nodes[1:] {
			if n.Host().Network().Connectedness(a.Host().ID()) == network.Connected && len(n.Host().Network().ConnsToPeer(a.Host().ID())) > 1 {
				t.Error("a peer has two connections")
			}
		}
	})
}

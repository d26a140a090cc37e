package node_test

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/internal/testnet"
)

func TestFaceShowsTheNode(t *testing.T) {
	testnet.Run(t, 2, func(t *testing.T, chains []*chain.Chain) {
		nodes := testnet.Nodes(t, chains, 50*time.Millisecond)
		a, b := nodes[0], nodes[1]
		a.Mine(5)
		b.Connect(a)
		b.Await(a, time.Minute)
		state, err := b.Face().State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if state.Chain.Height != 5 || state.Chain.Headers != 5 || state.Chain.Progress != 1 || state.State != dashboard.Up ||
			state.Chain.BestHash != a.Chain().Tip().Hash.String() || len(state.Chain.Work) != 64 || state.Resources.Goroutines == 0 {
			t.Errorf("the state is %+v", state)
		}
		blocks, err := b.Face().Blocks(t.Context(), 3)
		if err != nil || len(blocks) != 3 || blocks[0].Height != 5 || blocks[0].Txs != 1 || blocks[0].Bytes < 100 {
			t.Errorf("the blocks are %+v, %v", blocks, err)
		}
		if all, err := b.Face().Blocks(t.Context(), 100); err != nil || len(all) != 6 {
			t.Errorf("down to the genesis block there are %d, %v", len(all), err)
		}
		peers, err := a.Face().Peers(t.Context())
		if err != nil || len(peers) != 1 || peers[0].ID != b.Host().ID().String() || !peers[0].Inbound || peers[0].Kind != "inbound" || peers[0].Source != "inbound" {
			t.Errorf("the peers are %+v, %v", peers, err)
		}
	})
}

// Whoever is refused is let go.
func TestRefusedPeersAreLetGo(t *testing.T) {
	testnet.Run(t, 2, func(t *testing.T, chains []*chain.Chain) {
		nodes := testnet.Nodes(t, chains, 50*time.Millisecond)
		a, b := nodes[0], nodes[1]
		b.Connect(a)
		time.Sleep(time.Second)
		a.Refuse(func(p peer.ID) bool { return p == b.Host().ID() })
		time.Sleep(time.Second)
		if n := len(b.Host().Network().Peers()); n != 0 {
			t.Errorf("%d peers are linked though refused", n)
		}
	})
}

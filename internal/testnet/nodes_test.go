package testnet

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/internal/testhost"
)

func TestNodesFollowOneAnother(t *testing.T) {
	Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
		nodes := Nodes(t, chains, 50*time.Millisecond)
		a, b, c := nodes[0], nodes[1], nodes[2]
		a.Mine(30)
		b.Connect(a)
		b.Await(a, time.Minute)
		c.Connect(b)
		c.Await(a, time.Minute)
		a.Mine(1)
		if took := c.Await(a, time.Minute); took > time.Second {
			t.Errorf("the third node followed a new block after %v, want at most 1s", took)
		}
	})
}

// cluster runs a node for each chain on a network whose links can be cut.
func cluster(t *testing.T, chains []*chain.Chain) (*testhost.Net, []*Node) {
	t.Helper()
	links := testhost.NewNet(t, len(chains), 50*time.Millisecond)
	nodes := make([]*Node, len(chains))
	for i, c := range chains {
		nodes[i] = NewNode(t, links.Hosts[i], c, uint64(i)) // a small count
	}
	return links, nodes
}

// A cut that is shorter than a connection's patience costs what is under way to
// the other side, and no connection.
func TestDownloadTakesAnotherWayRoundACut(t *testing.T) {
	Run(t, 3, func(t *testing.T, chains []*chain.Chain) {
		links, nodes := cluster(t, chains)
		a, b, c := nodes[0], nodes[1], nodes[2]
		if _, err := a.Chain().Mine(t.Context(), []byte{0x51}, 600); err != nil {
			t.Fatal(err)
		}
		b.Connect(a)
		b.Await(a, time.Minute)
		c.Connect(a)
		c.Connect(b)
		time.Sleep(300 * time.Millisecond)
		if c.Chain().Tip().Height == a.Chain().Tip().Height {
			t.Fatal("the download was over before the cut")
		}
		links.Cut(0, 2)
		c.Await(a, 20*time.Second)
		links.Heal(0, 2)
		time.Sleep(time.Minute)
		for _, n := range []*Node{a, b} {
			if c.Host().Network().Connectedness(n.Host().ID()) != network.Connected {
				t.Errorf("the connection with %s was given up", n.Host().ID())
			}
		}
	})
}

// Two halves of a network that go on without each other agree again, on the
// branch with more work.
func TestPartsOfANetworkAgreeAfterACut(t *testing.T) {
	Run(t, 4, func(t *testing.T, chains []*chain.Chain) {
		links, nodes := cluster(t, chains)
		a, b, c, d := nodes[0], nodes[1], nodes[2], nodes[3]
		b.Connect(a)
		c.Connect(b)
		d.Connect(c)
		a.Mine(3)
		d.Await(a, time.Minute)
		links.Cut(1, 2)
		time.Sleep(time.Minute) // the connection is given up
		a.Mine(2)
		d.Mine(3)
		b.Await(a, time.Minute)
		c.Await(d, time.Minute)
		if a.Chain().Tip().Hash == d.Chain().Tip().Hash {
			t.Fatal("the halves were not apart")
		}
		links.Heal(1, 2)
		c.Connect(b)
		a.Await(d, time.Minute)
		b.Await(d, time.Minute)
	})
}

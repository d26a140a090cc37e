package testnet

import (
	"testing"
	"time"

	"github.com/pappus-network/pappus/node"
)

// grownNetwork is one that has grown from three seeds, with links for everybody.
func grownNetwork(t *testing.T, seed uint64, story func(t *testing.T, net *Network, want int)) {
	t.Helper()
	const nodes, want = 36, 5
	plan := Plan{Nodes: nodes, Seeds: 3, Seed: seed, Adjust: func(cfg *node.Config) { cfg.Outbound, cfg.Rotate = want, 0 }}
	RunNetwork(t, plan, func(t *testing.T, net *Network) {
		if _, short := awaitLinks(net.Nodes, want, time.Minute); short > 0 {
			t.Fatalf("%d of %d nodes lack links to begin with", short, nodes)
		}
		net.Zone.Name() // from here on, DNS is dead
		story(t, net, want)
	})
}

// one returns a node that is no seed.
func (net *Network) one() []*Node { return net.Nodes[len(net.Nodes)-1:] }

// lone waits until a node has all its links, to whomever.
func (net *Network) lone(n *Node, want int, limit time.Duration) (took time.Duration, ok bool) {
	there, begun := idsOf(net.Nodes), time.Now()
	for !satisfied(n, want, there) {
		if took = time.Since(begun); took >= limit {
			return took, false
		}
		time.Sleep(time.Second)
	}
	return time.Since(begun), true
}

// The cable is pulled for ten minutes: a minute after it is back, so are the links.
func TestCableIsPulledForTenMinutes(t *testing.T) {
	grownNetwork(t, 1, func(t *testing.T, net *Network, want int) {
		last := len(net.Nodes) - 1
		n := net.Nodes[last]
		net.Split(func(host int) int { return host / last })
		time.Sleep(10 * time.Minute)
		if up := len(n.Host().Network().Peers()); up > 0 {
			t.Fatalf("%d links without a cable", up)
		}
		net.Split(nil)
		took, ok := net.lone(n, want, time.Minute)
		if !ok {
			t.Errorf("%d links after %v", len(n.Host().Network().Peers()), took)
		}
		t.Logf("all links %v after the cable is back", took)
	})
}

// Everybody stops at once and is started again (SyncAttack's moment): from their books, without DNS, all have
// their links within a minute, and are one network.
func TestEverybodyRestartsAtOnce(t *testing.T) {
	grownNetwork(t, 2, func(t *testing.T, net *Network, want int) {
		var all []int
		for i := range net.Nodes {
			all = append(all, i)
		}
		net.Stop(all...)
		time.Sleep(time.Minute)
		net.Start(all...)
		took, short := awaitLinks(net.Nodes, want, time.Minute)
		if short > 0 || !connected(net.Nodes) {
			t.Errorf("%d nodes lack links after %v; one network: %v", short, took, connected(net.Nodes))
		}
		t.Logf("all links %v after the restart", took)
	})
}

// All peers of one node restart at once, but not the node.
func TestAllPeersRestartAtOnce(t *testing.T) {
	grownNetwork(t, 3, func(t *testing.T, net *Network, want int) {
		var others []int
		for i := range len(net.Nodes) - 1 {
			others = append(others, i)
		}
		n := net.one()[0]
		net.Stop(others...)
		time.Sleep(5 * time.Minute)
		if up := len(n.Host().Network().Peers()); up > 0 {
			t.Fatalf("%d links to nobody", up)
		}
		net.Start(others...)
		took, ok := net.lone(n, want, time.Minute)
		if !ok {
			t.Errorf("%d links after %v", len(n.Host().Network().Peers()), took)
		}
		t.Logf("all links %v after the others are back", took)
	})
}

// DNS is dead when all nodes are started for the first time, and for the next ten minutes.
func TestSeedsAreDeadAtFirst(t *testing.T) {
	const nodes = 24
	plan := Plan{Nodes: nodes, Seed: 4, Adjust: func(cfg *node.Config) {
		cfg.Outbound, cfg.Rotate, cfg.Seeds = 2, 0, []string{SeedName}
	}}
	RunNetwork(t, plan, func(t *testing.T, net *Network) {
		time.Sleep(10 * time.Minute)
		if asked := net.Zone.Asked() / nodes; asked == 0 || asked > 10 {
			t.Errorf("each has asked %d times in ten minutes", asked)
		}
		net.Zone.Name(net.Hosts[:3]...)
		// The pause between two questions has grown to ten minutes at most.
		took, short := awaitLinks(net.Nodes, 2, 11*time.Minute)
		if short > 0 {
			t.Errorf("%d nodes lack links after %v", short, took)
		}
		t.Logf("all links %v after DNS is back", took)
	})
}

package testnet

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/node"
)

var (
	grownNodes = flag.Int("grown", 60, "nodes of the networks that grow from three seeds")
	grownSeeds = flag.Uint64("seeds", 1, "how many such networks")
	grownFirst = flag.Uint64("first", 0, "seed of the first one")
)

// grownShort is how many nodes there are with -short.
const grownShort = 30

// chosen is how many links a node opens by itself: the default, or as many as half of a
// small network can have without all being linked with all.
func chosen(nodes int) int { return min(node.DefaultConfig().Outbound, nodes/12) }

// room is how many peers a node may have: the default, or in a smaller network so many that
// three seeds are as full as in one of 200.
func room(nodes int) int { return min(node.DefaultConfig().MaxPeers, 5*nodes/8) }

// satisfied says whether a node has opened as many links as it wants, to nodes that are
// there, or is linked with nine in ten of them: two nodes have one link, and a seed to which
// everybody came first has nobody left to dial.
func satisfied(n *Node, want int, there map[peer.ID]bool) bool {
	opened, linked := 0, 0
	for _, c := range n.Host().Network().Conns() {
		if !there[c.RemotePeer()] {
			continue
		}
		linked++
		if c.Stat().Direction == network.DirOutbound {
			opened++
		}
	}
	return opened >= want || 10*linked >= 9*(len(there)-1)
}

// idsOf returns which peers nodes are.
func idsOf(nodes []*Node) map[peer.ID]bool {
	there := make(map[peer.ID]bool, len(nodes))
	for _, n := range nodes {
		there[n.Host().ID()] = true
	}
	return there
}

// awaitLinks waits until every node is satisfied, and returns how long
// it took, or who is short of them after a limit.
func awaitLinks(nodes []*Node, want int, limit time.Duration) (took time.Duration, short int) {
	there, begun := idsOf(nodes), time.Now()
	for {
		short = 0
		for _, n := range nodes {
			if !satisfied(n, want, there) {
				short++
			}
		}
		if took = time.Since(begun); short == 0 || took >= limit {
			return took, short
		}
		time.Sleep(time.Second)
	}
}

// connected says whether every node can reach every other over links.
func connected(nodes []*Node) bool {
	index := make(map[peer.ID]*Node, len(nodes))
	for _, n := range nodes {
		index[n.Host().ID()] = n
	}
	seen := map[peer.ID]bool{nodes[0].Host().ID(): true}
	for edge := []*Node{nodes[0]}; len(edge) > 0; edge = edge[1:] {
		for _, p := range edge[0].Host().Network().Peers() {
			if n := index[p]; n != nil && !seen[p] {
				seen[p] = true
				edge = append(edge, n)
			}
		}
	}
	return len(seen) == len(nodes)
}

// Nodes that know nobody but a DNS name, which names three of them, have all their links
// within a minute; when half of them have vanished, those that are left have them
// again within a minute, and are one network (mechanisms 6 and 12).
func TestNetworkGrowsFromThreeSeeds(t *testing.T) {
	nodes := *grownNodes
	if testing.Short() {
		// The race detector dies of 8,128 goroutines; a node has some 150.
		nodes = min(nodes, grownShort)
	}
	want := chosen(nodes)
	for seed := *grownFirst; seed < *grownFirst+*grownSeeds; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			plan := Plan{Nodes: nodes, Seeds: 3, Seed: seed, Adjust: func(cfg *node.Config) {
				cfg.Outbound, cfg.MaxPeers = want, room(nodes)
			}}
			RunNetwork(t, plan, func(t *testing.T, net *Network) { grows(t, net, want) })
		})
	}
}

func grows(t *testing.T, net *Network, want int) {
	t.Helper()
	grown, short := awaitLinks(net.Nodes, want, time.Minute-settling)
	if short > 0 || !connected(net.Nodes) {
		t.Errorf("%d of %d nodes lack links after a minute; one network: %v", short, len(net.Nodes), connected(net.Nodes))
	}
	half := len(net.Nodes) / 2
	var left []*Node
	for i, node := range net.Rng.Perm(len(net.Nodes)) {
		if i < half {
			net.Crash(node)
		} else {
			left = append(left, net.Nodes[node])
		}
	}
	healed, short := awaitLinks(left, want, time.Minute)
	if short > 0 || !connected(left) {
		t.Errorf("%d of %d nodes lack links %v after the others have gone; one network: %v", short, len(left), healed, connected(left))
	}
	t.Logf("all links after %v, and %v after half of the nodes have gone", grown+settling, healed)
}

package testnet

import (
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/internal/memdb"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/store"
)

// Outbound is how many links a node of the reference network opens. Source: Bitcoin
// Core's MAX_OUTBOUND_FULL_RELAY_CONNECTIONS.
const Outbound = 8

// Plan says what a network of many is like.
type Plan struct {
	Nodes    int
	Outbound int  // links that each node opens, to others drawn at random
	Kept     bool // nodes name whom they dial, and dial again when a link is lost
	Seeds    int  // nodes, the first ones, that DNS names to all
	Coins    int  // outputs that may be spent at the start
	Seed     uint64
	Adjust   func(*node.Config) // nil = nothing
}

// Network is many whole nodes that begin with the same chain, over links as [Lognormal]
// has them. They are what users run but for what is under them: connections are pipes
// ([testhost.Pipes]), chains have no files, caches are small, and nobody reads the log.
type Network struct {
	*testhost.Pipes

	Nodes []*Node
	Zone  Zone // whom DNS names
	Coins []purse.Coin
	Rng   *rand.Rand // for the story's choices; not safe for two goroutines

	ready []func() *Node // runs each node on what it has kept
	off   map[int]bool   // stopped
}

// A chain's caches where the chain is short: they are taken at once.
const (
	fewOutputs    = 64 << 10 // bytes
	fewSignatures = 256
)

// settling is the time in which the first links are made and gossip's meshes form:
// some heartbeats, of a second each.
const settling = 10 * time.Second

// RunNetwork builds a network inside a bubble whose clock is moved to [Epoch], lets it
// settle and runs the story.
func RunNetwork(t *testing.T, plan Plan, story func(t *testing.T, net *Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(Epoch()))
		net := &Network{
			Pipes: testhost.NewPipes(t, plan.Nodes, Lognormal),
			Nodes: make([]*Node, plan.Nodes),
			Rng:   rand.New(rand.NewPCG(plan.Seed, plan.Seed)),
			off:   make(map[int]bool),
		}
		base := memdb.New()
		first := openOn(t, base)
		net.Coins = Grow(t, first, plan.Coins)
		if err := first.Close(); err != nil { // writes all of it
			t.Fatal(err)
		}
		net.Zone.Name(net.Hosts[:plan.Seeds]...)
		graph := Graph(net.Rng, plan.Nodes, plan.Outbound)
		for i, h := range net.Hosts {
			parts := node.Parts{Host: h, Chain: openOn(t, base.Copy()), Store: store.OpenMemory(), Names: &net.Zone}
			adjust := func(cfg *node.Config) {
				if plan.Seeds > 0 {
					cfg.Seeds = []string{SeedName}
				}
				if plan.Kept {
					cfg.AddNode = net.addresses(t, graph[i])
				}
				if plan.Adjust != nil {
					plan.Adjust(cfg)
				}
			}
			net.ready = append(net.ready, func() *Node { return NewNodeOf(t, parts, net.Rng.Uint64(), adjust) })
			net.Nodes[i] = net.ready[i]()
		}
		if !plan.Kept {
			net.link(graph)
		}
		time.Sleep(settling)
		story(t, net)
	})
}

// openOn opens a chain whose headers come from its database.
func openOn(t *testing.T, db *memdb.DB) *chain.Chain {
	t.Helper()
	cfg := chain.Config{UTXOCache: fewOutputs, Signatures: fewSignatures}
	c, err := chain.OpenOn(db, cfg, &chaincfg.RegressionNetParams, store.OpenMemory().View("headers"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// addresses returns those of hosts, as a configuration names them.
func (net *Network) addresses(t *testing.T, hosts []int) []string {
	t.Helper()
	var all []string
	for _, i := range hosts {
		h := net.Hosts[i]
		addrs, err := peer.AddrInfoToP2pAddrs(&peer.AddrInfo{ID: h.ID(), Addrs: h.Network().ListenAddresses()})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, addrs[0].String())
	}
	return all
}

// link makes all nodes dial at the same time.
func (net *Network) link(graph [][]int) {
	var dials sync.WaitGroup
	for i, others := range graph {
		dials.Go(func() {
			for _, j := range others {
				net.Nodes[i].Connect(net.Nodes[j])
			}
		})
	}
	dials.Wait()
}

// Crash ends a node as a power cut does: nobody is told.
func (net *Network) Crash(i int) {
	net.Drop(i)
	net.Nodes[i].Stop()
	_ = net.Hosts[i].Close() // again at the end, which does nothing
}

// Stop ends nodes as an operator does, all at the same time, and takes their hosts off the
// network. What they keep is kept.
func (net *Network) Stop(nodes ...int) {
	for _, i := range nodes {
		net.Nodes[i].Stop()
		net.off[i] = true
	}
	for _, i := range nodes {
		for _, c := range net.Hosts[i].Network().Conns() {
			_ = c.Close() // as its host would
		}
	}
	net.unplug()
}

// Start runs nodes again that were stopped.
func (net *Network) Start(nodes ...int) {
	for _, i := range nodes {
		delete(net.off, i)
	}
	net.unplug()
	for _, i := range nodes {
		net.Nodes[i] = net.ready[i]()
	}
}

// unplug keeps hosts that are off apart from all others.
func (net *Network) unplug() {
	off := maps.Clone(net.off)
	net.Split(func(host int) int {
		if off[host] {
			return host + 1
		}
		return 0
	})
}

// Agree says whether all of the nodes have the same tip.
func Agree(nodes []*Node) bool {
	for _, n := range nodes {
		if n.Chain().Tip().Hash != nodes[0].Chain().Tip().Hash {
			return false
		}
	}
	return true
}

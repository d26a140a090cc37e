package testnet

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/internal/memdb"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/node"
)

// Epoch is the day on which [Nodes] begin: a bubble's clock starts in 2000,
// before any block of any network.
func Epoch() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// Node is a whole node over a simulated link, with all that it keeps in memory.
type Node struct {
	*node.Node
	t    *testing.T
	stop context.CancelFunc
	done chan error
}

// Run opens n regtest chains in memory, enters a bubble whose clock is moved to [Epoch],
// and runs the story there.
func Run(t *testing.T, n int, story func(t *testing.T, chains []*chain.Chain)) {
	t.Helper()
	chains := make([]*chain.Chain, n)
	for i := range chains {
		chains[i] = openOn(t, memdb.New())
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(Epoch()))
		story(t, chains)
	})
}

// Nodes runs a node for each chain, whose packets take latency each way, and
// ends them with the test. Nobody is connected.
func Nodes(t *testing.T, chains []*chain.Chain, latency time.Duration) []*Node {
	t.Helper()
	nodes := make([]*Node, len(chains))
	for i, h := range testhost.New(t, len(chains), latency) {
		nodes[i] = NewNode(t, h, chains[i], uint64(i)) // a small count
	}
	return nodes
}

// NewNode runs a node on a host and a chain until the test ends, and returns
// when it is ready.
func NewNode(t *testing.T, h host.Host, c *chain.Chain, seed uint64, adjust ...func(*node.Config)) *Node {
	t.Helper()
	return newNode(t, node.Parts{Host: h, Chain: c}, seed, slog.New(slog.NewTextHandler(t.Output(), nil)).With("node", seed), adjust...)
}

// NewQuietNode is [NewNode] without a log, for networks of many.
func NewQuietNode(t *testing.T, h host.Host, c *chain.Chain, seed uint64, adjust ...func(*node.Config)) *Node {
	t.Helper()
	return newNode(t, node.Parts{Host: h, Chain: c}, seed, slog.New(slog.DiscardHandler), adjust...)
}

// NewNodeOf is [NewQuietNode] for a story that brings more than a host and a chain.
func NewNodeOf(t *testing.T, parts node.Parts, seed uint64, adjust ...func(*node.Config)) *Node {
	t.Helper()
	return newNode(t, parts, seed, slog.New(slog.DiscardHandler), adjust...)
}

func newNode(t *testing.T, parts node.Parts, seed uint64, log *slog.Logger, adjust ...func(*node.Config)) *Node {
	t.Helper()
	cfg := node.DefaultConfig()
	cfg.Network, cfg.API = parts.Chain.Params().Name, "off"
	cfg.Outbound = 0 // a story says who is linked
	for _, f := range adjust {
		f(&cfg)
	}
	parts.Src = rand.NewPCG(seed, seed)
	built, err := node.Assemble(cfg, parts, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := &Node{Node: built, t: t, stop: cancel, done: make(chan error, 1)}
	go func() { n.done <- built.Run(ctx) }() // ends with Stop
	t.Cleanup(n.Stop)
	<-built.Ready()
	return n
}

// Stop ends the node and waits until it has ended. Its host stays open.
func (n *Node) Stop() {
	n.stop()
	if err, open := <-n.done; open {
		close(n.done)
		if err != nil {
			n.t.Errorf("node ended with %v", err)
		}
	}
}

// Connect makes n dial m, and returns when the dial has succeeded.
func (n *Node) Connect(m *Node) {
	n.t.Helper()
	testhost.Connect(n.t, n.Host(), m.Host())
}

// Mine makes the node find blocks, one a second.
func (n *Node) Mine(blocks int) {
	n.t.Helper()
	for range blocks {
		time.Sleep(time.Second)
		if _, err := n.Chain().Mine(n.t.Context(), []byte{0x51}, 1); err != nil {
			n.t.Fatal(err)
		}
	}
}

// Await returns when the node's tip is the other's, with the virtual time that
// it took; it fails the test after limit.
func (n *Node) Await(m *Node, limit time.Duration) time.Duration {
	n.t.Helper()
	begun := time.Now()
	sub := n.Bus().Subscribe()
	defer sub.Close()
	late := time.NewTimer(limit)
	defer late.Stop()
	for n.Chain().Tip().Hash != m.Chain().Tip().Hash {
		select {
		case <-sub.C:
		case <-late.C:
			n.t.Fatalf("tip at height %d after %v, the other's is at %d", n.Chain().Tip().Height, limit, m.Chain().Tip().Height)
		}
	}
	return time.Since(begun)
}

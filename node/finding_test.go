package node_test

import (
	"testing"
	"time"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
)

// TestNodesFindOneAnother: nine nodes are told of one and of nobody else. Within an
// hour each has as many links as it wants, or is linked with all others.
func TestNodesFindOneAnother(t *testing.T) {
	testnet.Run(t, 10, func(t *testing.T, chains []*chain.Chain) {
		hosts := testhost.New(t, len(chains), 20*time.Millisecond)
		nodes := make([]*testnet.Node, len(chains))
		for i, h := range hosts {
			nodes[i] = testnet.NewQuietNode(t, h, chains[i], uint64(i), func(cfg *node.Config) { cfg.Outbound, cfg.Rotate = 3, 0 })
		}
		for _, n := range nodes[1:] {
			n.Connect(nodes[0])
			time.Sleep(time.Second)
		}
		time.Sleep(time.Hour)
		for i, n := range nodes {
			if up := len(n.Host().Network().Peers()); up < 3 {
				t.Errorf("node %d has %d links", i, up)
			}
		}
	})
}

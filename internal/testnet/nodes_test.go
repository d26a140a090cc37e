package testnet

import (
	"testing"
	"time"

	"github.com/pappus-network/pappus/chain"
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

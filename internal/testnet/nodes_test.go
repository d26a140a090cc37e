package testnet

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestNodesFollowOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := Nodes(t, 3, 50*time.Millisecond)
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

package discovery

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/pappus-network/pappus/store"
)

// full makes a host end every connection that comes in, and counts them.
func full(h host.Host) *atomic.Int64 {
	came := new(atomic.Int64)
	h.Network().Notify(&network.NotifyBundle{ConnectedF: func(_ network.Network, c network.Conn) {
		if c.Stat().Direction == network.DirInbound {
			came.Add(1)
			go c.Close() // a notification must not wait for one
		}
	}})
	return came
}

// A peer that turns a node away is dialled again a few times a minute while the node has no link
// at all; with another link up, ever more rarely. It never ends.
func TestWhoTurnsAwayIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := pipes(t, 3).Hosts
		m := start(t, hosts[0], store.OpenMemory().View("addrbook"), 1, 2)
		listeners(t, hosts[2:])
		came := full(hosts[1])
		visit(t, hosts[0], hosts[1])
		time.Sleep(10 * time.Minute)
		// At least 10 s apart, and at most half as much again as 20 s.
		if n := came.Load(); n < 20 || n > 60 {
			t.Errorf("it was dialled %d times in ten minutes without a link", n)
		}
		visit(t, hosts[0], hosts[2])
		time.Sleep(time.Minute)
		before := came.Load()
		time.Sleep(2 * time.Hour)
		// Pauses that double up to ten minutes, and half as much again: 15 min at the very most.
		if n := came.Load() - before; n < 8 || n > 20 {
			t.Errorf("it was dialled %d times in two hours with a link", n)
		}
		if n := m.outbound(); n != 1 {
			t.Errorf("%d links", n)
		}
	})
}

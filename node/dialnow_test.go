package node

import (
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery"
	"github.com/pappus-network/pappus/internal/testhost"
)

// Two nodes that name each other and start at the same moment: their dials meet, and both
// fail. Each waited for more than a second. The one with the lower id dials again at once.
func TestDialThatMeetsThePeersOwn(t *testing.T) {
	h := gated(t, nil, nil)
	higher, lower := peer.ID("\xff"), peer.ID("\x00")
	for _, c := range []struct {
		name  string
		id    peer.ID
		dials int32
	}{{"the peer's id is higher", higher, 2}, {"the peer's id is lower", lower, 1}} {
		t.Run(c.name, func(t *testing.T) {
			at, count := testhost.Mirror(t)
			err := dialNow(t.Context(), h, peer.AddrInfo{ID: c.id, Addrs: []multiaddr.Multiaddr{at}})
			if !discovery.Crossed(err) || count.Load() != c.dials {
				t.Errorf("after %d dials, want %d: %v", count.Load(), c.dials, err)
			}
		})
	}
}

package node

import (
	"math/rand/v2"
	"testing"

	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/slots"
)

// A hundred nodes on one machine share an address: the netgroup's allowance is not for
// them. On a private network the same holds for private addresses.
func TestDoorIsOpenWhereAddressesTellNobodyApart(t *testing.T) {
	for _, c := range []struct {
		network, from string
		alike         bool
	}{
		{"mainnet", "/ip4/127.0.0.1/tcp/4001", true},
		{"mainnet", "/ip6/::1/udp/4001/quic-v1", true},
		{"mainnet", "/ip4/192.168.1.7/tcp/4001", false},
		{"regtest", "/ip4/192.168.1.7/tcp/4001", true},
		{"regtest", "/ip4/1.2.3.4/tcp/4001", false},
	} {
		cfg := DefaultConfig()
		cfg.Network = c.network
		d := &doorman{alike: cfg.limits().exempt(), door: slots.NewDoor(slots.DefaultDoorConfig(1), rand.NewPCG(1, 1))}
		from := multiaddr.StringCast(c.from)
		if d.tellsApart(from) == c.alike {
			t.Errorf("%s: %s tells hosts apart: %v", c.network, c.from, !c.alike)
		}
		for i := 0; c.alike && i < 200; i++ {
			if !d.knock(from) {
				t.Fatalf("%s: knock %d from %s is turned away", c.network, i+1, c.from)
			}
		}
	}
}

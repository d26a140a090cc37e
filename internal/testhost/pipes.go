package testhost

import (
	"net"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/pappus-network/pappus/internal/pipenet"
)

// Pipes is many hosts, whose connections are pipes in memory: without encryption and
// packets, which for a thousand hosts would be most of the work. What differs from a
// network is written there.
type Pipes struct {
	*pipenet.Net

	Hosts []host.Host
}

// NewPipes returns hosts with a latency for each direction of each pair, as [NewNetOf] does.
func NewPipes(t *testing.T, hosts int, latency func(from, to int) time.Duration) *Pipes {
	t.Helper()
	p := &Pipes{Net: pipenet.New(latency), Hosts: make([]host.Host, hosts)}
	for i := range p.Hosts {
		at := address(i)
		listen, err := manet.FromNetAddr(&net.TCPAddr{IP: at.IP, Port: at.Port})
		if err != nil {
			t.Fatalf("address of host: %v", err)
		}
		p.Hosts[i] = newHost(t, libp2p.ListenAddrs(listen), libp2p.Transport(p.Transport(i)))
	}
	return p
}

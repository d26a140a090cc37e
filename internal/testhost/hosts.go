package testhost

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/marcopolo/simnet"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/quic-go/quic-go"
	"go.uber.org/fx"
)

// linkRate is the speed of every host's link, in bits per second. 1 Gbit/s: a
// test that wants a slow peer writes one; the link is not to be in its way.
const linkRate = 1_000_000_000

// port is where every host listens; each has an address of its own.
const port = 8477

// New returns n libp2p hosts whose packets take latency each way. They listen,
// are not connected, and are closed when the test ends. The test must run in a
// synctest bubble. Every host has an address in a /16 of its own, for limits by
// address group.
func New(t *testing.T, n int, latency time.Duration) []host.Host {
	t.Helper()
	links := &simnet.Simnet{LatencyFunc: simnet.StaticLatency(latency)}
	links.Start()
	t.Cleanup(links.Close) // runs last: a host says goodbye over its link
	hosts := make([]host.Host, n)
	for i := range hosts {
		hosts[i] = newHost(t, links, address(i))
	}
	return hosts
}

// Connect makes a dial b. Afterwards each knows the other's protocols.
func Connect(t *testing.T, a, b host.Host) {
	t.Helper()
	if err := a.Connect(t.Context(), peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}); err != nil {
		t.Fatalf("connect %s to %s: %v", a.ID(), b.ID(), err)
	}
}

// address returns the i-th host's: 20.0.0.1, 20.1.0.1, …, 21.0.0.1, …
func address(i int) *net.UDPAddr {
	return &net.UDPAddr{IP: net.IPv4(byte(20+i>>8), byte(i), 0, 1), Port: port}
}

func newHost(t *testing.T, links *simnet.Simnet, addr *net.UDPAddr) host.Host {
	t.Helper()
	udp, err := manet.FromNetAddr(addr)
	if err != nil {
		t.Fatalf("address of host: %v", err)
	}
	h, err := libp2p.New(
		libp2p.ListenAddrs(udp.Encapsulate(multiaddr.StringCast("/quic-v1"))),
		overSimnet(links),
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.DisableIdentifyAddressDiscovery(), // it stalls the bubble's clock
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
		libp2p.UserAgent("pappus/test"),
	)
	if err != nil {
		t.Fatalf("make host: %v", err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close host: %v", err)
		}
	})
	return h
}

// overSimnet makes a host's QUIC transport send its packets over simulated links
// instead of sockets.
func overSimnet(links *simnet.Simnet) libp2p.Option {
	source := new(sourceIP)
	return libp2p.QUICReuse(newConnManager,
		quicreuse.OverrideSourceIPSelector(func() (quicreuse.SourceIPSelector, error) { return source, nil }),
		quicreuse.OverrideListenUDP(func(_ string, addr *net.UDPAddr) (net.PacketConn, error) {
			source.ip.Store(&addr.IP)
			rate := simnet.LinkSettings{BitsPerSecond: linkRate}
			return links.NewEndpoint(addr, simnet.NodeBiDiLinkSettings{Downlink: rate, Uplink: rate}), nil
		}))
}

// newConnManager ends the manager with the host: libp2p leaves one that it did
// not make itself open, and its goroutines would outlive the bubble.
func newConnManager(life fx.Lifecycle, reset quic.StatelessResetKey, token quic.TokenGeneratorKey, opts ...quicreuse.Option) (*quicreuse.ConnManager, error) {
	m, err := quicreuse.NewConnManager(reset, token, opts...)
	if err != nil {
		return nil, err
	}
	life.Append(fx.StopHook(m.Close))
	return m, nil
}

// sourceIP tells QUIC which address packets leave from: the one it listens on.
type sourceIP struct{ ip atomic.Pointer[net.IP] }

// PreferredSourceIPForDestination implements quicreuse.SourceIPSelector.
func (s *sourceIP) PreferredSourceIPForDestination(*net.UDPAddr) (net.IP, error) {
	return *s.ip.Load(), nil
}

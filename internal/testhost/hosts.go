package testhost

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/quic-go/quic-go"
	"go.uber.org/fx"
)

// port is where every host listens; each has an address of its own.
const port = 8477

// New returns n libp2p hosts whose packets take latency each way. They listen,
// are not connected, and are closed when the test ends. The test must run in a
// synctest bubble. Every host has an address in a /16 of its own, for limits by
// address group.
func New(t *testing.T, n int, latency time.Duration) []host.Host {
	t.Helper()
	return NewNet(t, n, latency).Hosts
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

// place is the inverse of address.
func place(a net.Addr) int {
	udp, ok := a.(*net.UDPAddr)
	if !ok || udp.IP.To4() == nil {
		return 0
	}
	ip := udp.IP.To4()
	return (int(ip[0])-20)<<8 | int(ip[1])
}

// newHost makes the i-th host.
func (n *Net) newHost(t *testing.T, i int) host.Host {
	t.Helper()
	udp, err := manet.FromNetAddr(address(i))
	if err != nil {
		t.Fatalf("address of host: %v", err)
	}
	return newHost(t, libp2p.ListenAddrs(udp.Encapsulate(multiaddr.StringCast("/quic-v1"))), n.transport(i))
}

// newHost makes a host on a transport.
func newHost(t *testing.T, listen, transport libp2p.Option) host.Host {
	t.Helper()
	h, err := libp2p.New(
		listen,
		transport,
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

// newConnManager ends the manager with the host: libp2p leaves one that it did
// not make itself open, and its goroutines would outlive the bubble. As libp2p's own it
// asks the resource manager before the handshake.
func newConnManager(life fx.Lifecycle, rcmgr network.ResourceManager, reset quic.StatelessResetKey, token quic.TokenGeneratorKey, opts ...quicreuse.Option) (*quicreuse.ConnManager, error) {
	opts = append(opts, quicreuse.VerifySourceAddress(rcmgr.VerifySourceAddress),
		quicreuse.ConnContext(func(ctx context.Context, client *quic.ClientInfo) (context.Context, error) {
			from, err := quicreuse.ToQuicMultiaddr(client.RemoteAddr, quic.Version1)
			if err != nil {
				return ctx, err
			}
			scope, err := rcmgr.OpenConnection(network.DirInbound, false, from)
			if err != nil {
				return ctx, err
			}
			context.AfterFunc(ctx, scope.Done)
			return network.WithConnManagementScope(ctx, scope), nil
		}))
	m, err := quicreuse.NewConnManager(reset, token, opts...)
	if err != nil {
		return nil, err
	}
	life.Append(fx.StopHook(m.Close))
	return m, nil
}

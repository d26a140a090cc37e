package testhost

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/marcopolo/simnet"
)

// linkRate is the speed of every host's link, in bits per second. 1 Gbit/s: a
// test that wants a slow peer writes one; the link is not to be in its way.
const linkRate = 1_000_000_000

// Net is a number of hosts on simulated links, any two of which can be kept
// apart. It is safe for concurrent use.
type Net struct {
	Hosts []host.Host

	sent  atomic.Int64 // bytes of packets
	links *simnet.Simnet

	mu  sync.Mutex
	cut map[pair]struct{}

	guarded map[string]bool    // addresses behind a router,
	opened  map[[2]string]bool // and whom they have sent packets to
}

// pair is two addresses, the lower one first.
type pair [2]string

func pairOf(a, b net.Addr) pair {
	p := pair{a.String(), b.String()}
	if p[0] > p[1] {
		p[0], p[1] = p[1], p[0]
	}
	return p
}

// NewNet is [New] for a test that cuts links.
func NewNet(t *testing.T, hosts int, latency time.Duration) *Net {
	t.Helper()
	return NewNetOf(t, hosts, func(int, int) time.Duration { return latency })
}

// NewNetOf is [NewNet] with a latency for each direction of each pair of hosts, by
// their place in Hosts. The function must always give the same for a pair.
func NewNetOf(t *testing.T, hosts int, latency func(from, to int) time.Duration) *Net {
	t.Helper()
	n := &Net{
		Hosts: make([]host.Host, hosts),
		links: &simnet.Simnet{LatencyFunc: func(p *simnet.Packet) time.Duration { return latency(place(p.From), place(p.To)) }},
		cut:   make(map[pair]struct{}),

		guarded: make(map[string]bool), opened: make(map[[2]string]bool),
	}
	n.links.Start()
	t.Cleanup(n.links.Close) // runs last: a host says goodbye over its link
	for i := range n.Hosts {
		n.Hosts[i] = n.newHost(t, i)
	}
	return n
}

// Sent is how many bytes all hosts have sent, in packets: with encryption,
// acknowledgements and what is sent again.
func (n *Net) Sent() int64 { return n.sent.Load() }

// Cut loses every packet between two hosts, by their place in Hosts, from now on;
// those under way still arrive. Neither side is told: libp2p takes a silent
// connection for dead after 30 s.
func (n *Net) Cut(a, b int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[pairOf(address(a), address(b))] = struct{}{}
}

// Heal undoes [Net.Cut].
func (n *Net) Heal(a, b int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.cut, pairOf(address(a), address(b)))
}

// Guard puts a host behind a router that lets packets in from those alone to whom the
// host has sent some, by address and port; it forgets nobody.
func (n *Net) Guard(i int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.guarded[address(i).String()] = true
}

// lost says whether a packet does not arrive.
func (n *Net) lost(from, to net.Addr) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, b := from.String(), to.String()
	if n.guarded[a] {
		n.opened[[2]string{a, b}] = true
	}
	_, cut := n.cut[pairOf(from, to)]
	return cut || n.guarded[b] && !n.opened[[2]string{b, a}]
}

// transport makes the i-th host's QUIC send its packets over simulated links
// instead of sockets.
func (n *Net) transport(i int) libp2p.Option {
	return libp2p.QUICReuse(newConnManager, n.quicOptions(i, new(sourceIP))...)
}

func (n *Net) quicOptions(i int, source *sourceIP) []quicreuse.Option {
	return []quicreuse.Option{
		quicreuse.OverrideSourceIPSelector(func() (quicreuse.SourceIPSelector, error) { return source, nil }),
		quicreuse.OverrideListenUDP(func(_ string, addr *net.UDPAddr) (net.PacketConn, error) {
			source.ip.Store(&addr.IP)
			rate := simnet.LinkSettings{BitsPerSecond: linkRate}
			end := n.links.NewEndpoint(addr, simnet.NodeBiDiLinkSettings{Downlink: rate, Uplink: rate})
			return &plug{SimConn: end, net: n, addr: address(i)}, nil
		}),
	}
}

// plug is a host's end of its link.
type plug struct {
	*simnet.SimConn
	net  *Net
	addr net.Addr
}

// WriteTo implements net.PacketConn.
func (p *plug) WriteTo(b []byte, to net.Addr) (int, error) {
	p.net.sent.Add(int64(len(b)))
	if p.net.lost(p.addr, to) {
		return len(b), nil
	}
	return p.SimConn.WriteTo(b, to)
}

// sourceIP tells QUIC which address packets leave from: the one it listens on.
type sourceIP struct{ ip atomic.Pointer[net.IP] }

// PreferredSourceIPForDestination implements quicreuse.SourceIPSelector.
func (s *sourceIP) PreferredSourceIPForDestination(*net.UDPAddr) (net.IP, error) {
	return *s.ip.Load(), nil
}

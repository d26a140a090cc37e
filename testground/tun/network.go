package tun

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"

	"golang.org/x/sync/errgroup"
)

// mtu is the largest packet: Ethernet's.
const mtu = 1500

// ErrUnavailable says that such a network cannot be made here.
var ErrUnavailable = errors.New("a network of TUN devices needs Linux, root and /dev/net/tun")

// Subnet is the network's. Source: Testground's data networks lie in 16.0.0.0/4; packets
// of this one reach nobody else.
func Subnet() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{16, 0, 0, 0}), 16) }

// first is the first address that is used: Testground keeps X.Y.0.1 for a gateway.
const first = 2

// Addr returns the address of a port, from 0.
func Addr(k int) netip.Addr {
	k += first
	return netip.AddrFrom4([4]byte{16, 0, byte(k >> 8), byte(k)}) // the plan has no more than 1,000 instances
}

// Network connects ports. It is safe for concurrent use.
type Network struct {
	src   rand.Source
	group errgroup.Group

	mu    sync.Mutex
	ports map[netip.Addr]*port
	ended bool
}

// New returns a network without ports. The source decides what is lost.
func New(src rand.Source) *Network { return &Network{src: src, ports: make(map[netip.Addr]*port)} }

// add connects a device, and carries its packets until ctx ends.
func (n *Network) add(ctx context.Context, addr netip.Addr, d device) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended {
		return errors.Join(context.Canceled, d.Close())
	}
	p := newPort(d, rand.NewPCG(n.src.Uint64(), n.src.Uint64()))
	n.ports[addr] = p
	n.group.Go(func() error { return p.read(n.port) }) // ends when Close closes the device
	n.group.Go(func() error {                          // ends with read, or ctx
		p.write(ctx)
		return nil
	})
	return nil
}

func (n *Network) port(addr netip.Addr) *port {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ports[addr]
}

// Set changes how a port is connected.
func (n *Network) Set(addr netip.Addr, s Setting) error {
	p := n.port(addr)
	if p == nil {
		return fmt.Errorf("no port has the address %s", addr)
	}
	return p.set(s)
}

// Counts adds up what became of all packets.
func (n *Network) Counts() Counts {
	n.mu.Lock()
	defer n.mu.Unlock()
	var sum Counts
	for _, p := range n.ports {
		c := p.counts()
		sum.Delivered += c.Delivered
		sum.Lost += c.Lost
		sum.Cut += c.Cut
		sum.Astray += c.Astray
	}
	return sum
}

// Close ends the network and returns when nothing of it works any more.
func (n *Network) Close() error {
	n.mu.Lock()
	n.ended = true
	var errs []error
	for _, p := range n.ports {
		errs = append(errs, p.device.Close())
	}
	n.mu.Unlock()
	return errors.Join(append(errs, n.group.Wait())...)
}

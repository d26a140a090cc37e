package pipenet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	// roundTrips is what a connection costs before its first byte: TCP's and TLS 1.3's.
	roundTrips = 2
	// again is the pause after which a dial that nobody answers is repeated, which doubles
	// each time. Source: TCP's retransmission of SYN (RFC 6298).
	again = time.Second
)

// Transport is one host's part in the network. It implements transport.Transport, for
// TCP's addresses.
type Transport struct {
	net   *Net
	host  int
	self  peer.ID
	key   crypto.PubKey
	rcmgr network.ResourceManager
}

// Transport returns what makes the transport of a host: libp2p.Transport takes it.
func (n *Net) Transport(host int) func(crypto.PrivKey, network.ResourceManager) (*Transport, error) {
	return func(key crypto.PrivKey, rcmgr network.ResourceManager) (*Transport, error) {
		self, err := peer.IDFromPrivateKey(key)
		if err != nil {
			return nil, err
		}
		return &Transport{net: n, host: host, self: self, key: key.GetPublic(), rcmgr: rcmgr}, nil
	}
}

// CanDial implements transport.Transport.
func (t *Transport) CanDial(addr multiaddr.Multiaddr) bool {
	_, err := addr.ValueForProtocol(multiaddr.P_TCP)
	return err == nil
}

// Protocols implements transport.Transport.
func (t *Transport) Protocols() []int { return []int{multiaddr.P_TCP} }

// Proxy implements transport.Transport.
func (t *Transport) Proxy() bool { return false }

// Dial implements transport.Transport.
func (t *Transport) Dial(ctx context.Context, addr multiaddr.Multiaddr, p peer.ID) (transport.CapableConn, error) {
	t.net.mu.Lock()
	l := t.net.listeners[addr.String()]
	t.net.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("dial %s: nobody listens", addr)
	}
	scope, err := t.rcmgr.OpenConnection(network.DirOutbound, true, addr)
	if err != nil {
		return nil, err
	}
	c, err := t.dial(ctx, l, p, scope)
	if err != nil {
		scope.Done()
		return nil, fmt.Errorf("dial %s: %w", addr, err)
	}
	return c, nil
}

func (t *Transport) dial(ctx context.Context, l *listener, p peer.ID, scope network.ConnManagementScope) (*conn, error) {
	if err := errors.Join(ctx.Err(), scope.SetPeer(p)); err != nil {
		return nil, err
	}
	there, back := t.net.latency(t.host, l.host), t.net.latency(l.host, t.host)
	wait, pause := roundTrips*(there+back), again
	for ; ; wait, pause = pause, 2*pause {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
		if l.self != p {
			return nil, fmt.Errorf("%s answers, not %s", l.self, p)
		}
		inbound, err := l.rcmgr.OpenConnection(network.DirInbound, true, t.addr())
		if err != nil {
			return nil, errRefused
		}
		near, far := newConn(t, t.addr(), p, scope), newConn(l.Transport, l.addr, t.self, inbound)
		near.far, far.far = far, near
		if t.net.join(t, l.Transport, [2]*conn{near, far}) == nil {
			inbound.Done()
			continue
		}
		if err := inbound.SetPeer(t.self); err != nil {
			_ = far.Close()
		}
		time.AfterFunc(there, func() { l.put(far) }) // with the last message of the handshake
		return near, nil
	}
}

// addr is where this host's connections come from.
func (t *Transport) addr() multiaddr.Multiaddr {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	return t.net.homes[t.host]
}

// Listen implements transport.Transport. Port 0 is any free one.
func (t *Transport) Listen(addr multiaddr.Multiaddr) (transport.Listener, error) {
	na, err := manet.ToNetAddr(addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	tcp, ok := na.(*net.TCPAddr)
	if !ok {
		return nil, fmt.Errorf("listen on %s: not an address of TCP", addr)
	}
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	if tcp.Port == 0 {
		t.net.port++
		tcp.Port = t.net.port
		if addr, err = manet.FromNetAddr(tcp); err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
	}
	l := &listener{Transport: t, addr: addr}
	l.wake.L = &l.mu
	if _, taken := t.net.listeners[addr.String()]; taken {
		return nil, fmt.Errorf("listen on %s: somebody does", addr)
	}
	t.net.listeners[addr.String()] = l
	t.net.homes[t.host] = addr
	return l, nil
}

var errRefused = errors.New("connection refused")

// listener implements transport.Listener.
type listener struct {
	*Transport
	addr multiaddr.Multiaddr

	mu      sync.Mutex
	wake    sync.Cond
	waiting []*conn
	closed  bool
}

func (l *listener) put(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = c.Close()
		return
	}
	l.waiting = append(l.waiting, c)
	l.wake.Broadcast()
}

// Accept implements transport.Listener.
func (l *listener) Accept() (transport.CapableConn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) == 0 && !l.closed {
		l.wake.Wait()
	}
	if l.closed {
		return nil, transport.ErrListenerClosed
	}
	c := l.waiting[0]
	l.waiting = l.waiting[1:]
	return c, nil
}

// Close implements transport.Listener.
func (l *listener) Close() error {
	l.mu.Lock()
	waiting := l.waiting
	l.closed, l.waiting = true, nil
	l.wake.Broadcast()
	l.mu.Unlock()
	l.net.mu.Lock()
	if l.net.listeners[l.addr.String()] == l {
		delete(l.net.listeners, l.addr.String())
	}
	l.net.mu.Unlock()
	for _, c := range waiting {
		_ = c.Close()
	}
	return nil
}

// Addr implements transport.Listener.
func (l *listener) Addr() net.Addr {
	a, err := manet.ToNetAddr(l.addr)
	if err != nil {
		return nil
	}
	return a
}

// Multiaddr implements transport.Listener.
func (l *listener) Multiaddr() multiaddr.Multiaddr { return l.addr }

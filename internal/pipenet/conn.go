package pipenet

import (
	"context"
	"errors"
	"sync"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/multiformats/go-multiaddr"
)

var errSilent = &network.ConnError{TransportError: errors.New("no answer for 30 s")}

// conn is one end of a connection. It implements transport.CapableConn.
type conn struct {
	local  *Transport
	far    *conn
	out    *line
	cable  *cable
	addr   multiaddr.Multiaddr // this end's
	scope  network.ConnManagementScope
	remote peer.ID

	mu      sync.Mutex
	wake    sync.Cond // something has come, or it is over
	opened  []*stream // by the other end, not accepted yet
	streams map[*stream]struct{}
	err     error // why it is over
}

func newConn(t *Transport, addr multiaddr.Multiaddr, remote peer.ID, scope network.ConnManagementScope) *conn {
	c := &conn{local: t, addr: addr, remote: remote, scope: scope, streams: make(map[*stream]struct{})}
	c.wake.L = &c.mu
	return c
}

// fail ends this end and every stream of it; false if it was over.
func (c *conn) fail(err error) bool {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return false
	}
	c.err = err
	streams := c.streams
	c.streams, c.opened = nil, nil
	c.wake.Broadcast()
	c.mu.Unlock()
	for s := range streams {
		s.fail(err)
	}
	c.scope.Done()
	c.local.net.forget(c.cable)
	return true
}

// receive takes what has arrived.
func (c *conn) receive(p parcel) {
	switch p.kind {
	case opened:
		c.mu.Lock()
		if c.err == nil {
			c.streams[p.to] = struct{}{}
			c.opened = append(c.opened, p.to)
			c.wake.Broadcast()
		}
		c.mu.Unlock()
	case bytes:
		p.to.take(p.data)
	case ended:
		p.to.finish()
	case reset:
		p.to.fail(&network.StreamError{ErrorCode: network.StreamErrorCode(p.code), Remote: true})
	case closed:
		c.fail(&network.ConnError{ErrorCode: network.ConnErrorCode(p.code), Remote: true})
	}
}

// OpenStream implements network.MuxedConn.
func (c *conn) OpenStream(context.Context) (network.MuxedStream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	near, far := newStream(c), newStream(c.far)
	near.far, far.far = far, near
	c.streams[near] = struct{}{}
	c.out.send(parcel{kind: opened, to: far})
	return near, nil
}

// AcceptStream implements network.MuxedConn.
func (c *conn) AcceptStream() (network.MuxedStream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.opened) == 0 && c.err == nil {
		c.wake.Wait()
	}
	if c.err != nil {
		return nil, c.err
	}
	s := c.opened[0]
	c.opened = c.opened[1:]
	return s, nil
}

// forget lets go of a stream that is over.
func (c *conn) forget(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, s)
}

// Close implements network.MuxedConn.
func (c *conn) Close() error { return c.CloseWithError(0) }

// CloseWithError implements network.MuxedConn.
func (c *conn) CloseWithError(code network.ConnErrorCode) error {
	if c.fail(&network.ConnError{ErrorCode: code}) {
		c.out.send(parcel{kind: closed, code: uint32(code)})
	}
	return nil
}

// IsClosed implements network.MuxedConn.
func (c *conn) IsClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err != nil
}

// As implements network.MuxedConn: there is nothing underneath.
func (c *conn) As(any) bool { return false }

// LocalPeer implements network.ConnSecurity.
func (c *conn) LocalPeer() peer.ID { return c.local.self }

// RemotePeer implements network.ConnSecurity.
func (c *conn) RemotePeer() peer.ID { return c.remote }

// RemotePublicKey implements network.ConnSecurity.
func (c *conn) RemotePublicKey() crypto.PubKey { return c.far.local.key }

// ConnState implements network.ConnSecurity.
func (c *conn) ConnState() network.ConnectionState { return network.ConnectionState{Transport: "pipe"} }

// LocalMultiaddr implements network.ConnMultiaddrs.
func (c *conn) LocalMultiaddr() multiaddr.Multiaddr { return c.addr }

// RemoteMultiaddr implements network.ConnMultiaddrs.
func (c *conn) RemoteMultiaddr() multiaddr.Multiaddr { return c.far.addr }

// Scope implements network.ConnScoper.
func (c *conn) Scope() network.ConnScope { return c.scope }

// Transport implements transport.CapableConn.
func (c *conn) Transport() transport.Transport { return c.local }

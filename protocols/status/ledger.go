package status

import (
	"context"
	"fmt"
	"sync"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// Ledger knows which connections have been greeted. It is safe for concurrent
// use.
//
// The two sides of a handshake end it at different moments: the listener when
// it has sent its answer, the dialler when it has read it. A listener that asks
// something at once is therefore faster than the answer it has just sent, so the
// dialler lets the question wait for its own handshake, on whichever connection
// it comes; a peer that we have not dialled has no such excuse.
type Ledger struct {
	mu      sync.Mutex
	conns   map[network.Conn]*greeting
	peers   map[peer.ID]int // greeted connections
	changed chan struct{}   // closed, and replaced, when a handshake has ended
}

// greeting is the handshake of one connection.
type greeting struct {
	done  chan struct{} // closed when it has ended, well or not
	began bool          // a status has been sent or received
	ok    bool
}

// NewLedger returns a ledger that knows no connection.
func NewLedger() *Ledger {
	return &Ledger{conns: make(map[network.Conn]*greeting), peers: make(map[peer.ID]int), changed: make(chan struct{})}
}

// entry must be called with the lock held.
func (l *Ledger) entry(c network.Conn) *greeting {
	g, ok := l.conns[c]
	if !ok {
		g = &greeting{done: make(chan struct{})}
		l.conns[c] = g
	}
	return g
}

// Admit implements [exchange.Admitter]: nil if a connection with the peer has
// been greeted. While a handshake of ours with the peer is under way it waits.
func (l *Ledger) Admit(ctx context.Context, c network.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	for waited := false; ; waited = true {
		admitted, changed := l.admits(c)
		switch {
		case admitted:
			return nil
		case changed == nil && (waited || c.IsClosed()):
			// The peer may well have been greeted, as far as it could know.
			return exchange.Charge(c.RemotePeer(), events.Disconnected, "a connection ended before its status handshake")
		case changed == nil:
			return exchange.Charge(c.RemotePeer(), events.BeforeStatus, "a request before the status handshake")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("await status: %w", ctx.Err())
		case <-changed:
		}
	}
}

// admits says whether the peer may ask; if not, what to wait for, or nil if there
// is nothing.
func (l *Ledger) admits(c network.Conn) (bool, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := c.RemotePeer()
	if l.peers[p] > 0 {
		return true, nil
	}
	if c.Stat().Direction == network.DirOutbound && !c.IsClosed() {
		return false, l.changed // its handshake is the first thing that we do on it
	}
	for other, g := range l.conns {
		if g.began && other.RemotePeer() == p && other.Stat().Direction == network.DirOutbound && !other.IsClosed() {
			return false, l.changed
		}
	}
	return false, nil
}

// change wakes whoever waits to be admitted. It must be called with the lock held.
func (l *Ledger) change() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Await returns nil once the connection has been greeted, or the context's error.
func (l *Ledger) Await(ctx context.Context, c network.Conn) error {
	l.mu.Lock()
	if c.IsClosed() {
		l.mu.Unlock()
		return network.ErrNoConn
	}
	g := l.entry(c)
	l.mu.Unlock()
	select {
	case <-ctx.Done():
		return fmt.Errorf("await status: %w", ctx.Err())
	case <-g.done:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !g.ok {
		return network.ErrNoConn
	}
	return nil
}

// begin says that a status has come, or is about to be sent, on the connection,
// and whether it is the first.
func (l *Ledger) begin(c network.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.IsClosed() {
		return true // Forget has been or will be called; leave no entry behind
	}
	g := l.entry(c)
	first := !g.began
	g.began = true
	return first
}

// greeted ends the handshake of a connection well.
func (l *Ledger) greeted(c network.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g, ok := l.conns[c]
	if !ok || g.ok {
		return
	}
	g.ok = true
	l.peers[c.RemotePeer()]++
	close(g.done)
	l.change()
}

// Forget drops a connection that has ended.
func (l *Ledger) Forget(c network.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.change()
	g, ok := l.conns[c]
	if !ok {
		return
	}
	delete(l.conns, c)
	if !g.ok {
		close(g.done)
		return
	}
	p := c.RemotePeer()
	if l.peers[p]--; l.peers[p] == 0 {
		delete(l.peers, p)
	}
}

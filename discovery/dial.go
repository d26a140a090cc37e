package discovery

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"

	"github.com/pappus-network/pappus/events"
)

// hedge is how long a dial counts as the link that it is to become: if it takes longer,
// another one is begun, and the later of the two to come up is let go. A connection and a
// handshake are five round trips, of 400 ms; without it each peer that has vanished would
// hold a link's place for the whole of a dial's time.
const hedge = 2 * time.Second

// dial is one under way, or one whose handshake is.
type dial struct {
	kind      events.LinkKind
	origin    events.Origin
	since     time.Time
	extra     bool               // beside those that are wanted, to take one's place
	charged   bool               // as one in vain, to the book's entry
	connected bool               // the handshake is under way
	end       context.CancelFunc // of waiting for the handshake
}

// dial opens a connection; the handshake and [Finder.Join] follow by themselves. Until
// they have, or have had their time, it counts as a dial. One that has met the peer's own
// is tried again by the side whose id is lower; the other is about to be dialled. Either
// way the peer is there, and its entry in the book is not charged. The lock is held.
func (f *Finder) dial(ctx context.Context, now time.Time, to peer.AddrInfo, kind events.LinkKind, origin events.Origin) *dial {
	charged := f.book.Attempt(now, to.ID, len(f.links) > 0)
	bounded, end := context.WithTimeout(network.WithForceDirectDial(ctx, "discovery"), f.cfg.Timeout)
	d := &dial{kind: kind, origin: origin, since: now, charged: charged, end: end}
	f.dials[to.ID] = d
	f.work.Go(func() { // ends with the handshake or the connection, or when its time is over, or ctx is
		defer end()
		c, err := f.connect(bounded, to)
		if Crossed(err) && f.host.ID() < to.ID {
			c, err = f.connect(bounded, to)
		}
		if err == nil {
			f.await(bounded, d, c)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.dials[to.ID] != d {
			return // it is up
		}
		delete(f.dials, to.ID)
		f.rouse()
		if ctx.Err() != nil {
			return
		}
		f.log.DebugContext(ctx, "no link", "peer", to.ID, "kind", kind, "err", err)
		if d.charged && Crossed(err) {
			f.book.Excuse(to.ID)
		}
		if !errors.Is(err, context.DeadlineExceeded) { // which is nobody's answer
			f.turnedAway(time.Now(), to.ID)
		}
	})
	return d
}

// await returns when a dial has ended: by its handshake, the end of its connection or its time.
func (f *Finder) await(ctx context.Context, d *dial, c network.Conn) {
	f.mu.Lock()
	d.connected = true
	over := c.IsClosed() // and so [Finder.closed] may have come too early
	f.mu.Unlock()
	if !over {
		<-ctx.Done()
	}
}

// connect makes a connection. Unlike the host's Connect it does not wait for identify,
// which is not needed for the handshake.
func (f *Finder) connect(ctx context.Context, to peer.AddrInfo) (network.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Connect)
	defer cancel()
	f.host.Peerstore().AddAddrs(to.ID, to.Addrs, peerstore.TempAddrTTL)
	// The pause between two dials is ours; the swarm's own grows to five minutes even
	// when it was this node's cable that was pulled.
	ClearBackoff(f.host, to.ID)
	return f.host.Network().DialPeer(ctx, to.ID)
}

// ClearBackoff has the host dial a peer however lately it could not be reached: its swarm
// would refuse to for a while.
func ClearBackoff(h host.Host, p peer.ID) {
	if s, ok := h.Network().(interface{ Backoff() *swarm.DialBackoff }); ok {
		s.Backoff().Clear(p)
	}
}

// Crossed says whether a dial has met the peer's own on its way. libp2p dials from the
// port on which it listens, because that is how others learn at which address a node is
// reached and how holes are punched. Of two such dials under way at the same time TCP
// makes one connection (RFC 9293, section 3.5), whose sides are both TLS's client. libp2p
// has no answer to that since multistream-select lost its extension for it (libp2p/specs
// 573; go-libp2p 2330, 2925), and crypto/tls no error of its own.
func Crossed(err error) bool {
	return err != nil && strings.Contains(err.Error(), "clientHelloMsg")
}

// settle ends a dial whose handshake is done, and says whether another link has taken its
// place meanwhile. The lock is held.
func (f *Finder) settle(now time.Time, p peer.ID) (late bool) {
	d := f.dials[p]
	if d == nil {
		return false
	}
	d.end()
	delete(f.dials, p)
	return d.kind != events.Feeler && !d.extra && now.Sub(d.since) >= hedge && f.have(d.kind) >= f.target(d.kind)
}

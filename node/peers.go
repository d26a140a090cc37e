package node

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/status"
)

// maxDown bounds the reasons that are remembered until a connection has ended:
// one entry a peer that is being disconnected, forgotten with its last connection.
const maxDown = 1024

// linked is a peer that has completed the status handshake.
type linked struct {
	id      peer.ID
	conn    network.Conn // the one that the handshake was made on
	status  status.Status
	since   time.Time
	inbound bool
	role
	number int32 // counts peers since the node started
}

// role is what a link is for, and how the node came to know its peer.
type role struct {
	kind   events.LinkKind
	origin events.Origin
}

// follower is told of peers that come and go.
type follower interface {
	Join(p linked)
	Leave(p peer.ID)
}

// peers is the table of connected peers. It makes the status handshake the
// first thing on every connection and tells followers of its outcome.
type peers struct {
	host      host.Host
	ledger    *status.Ledger
	handshake *status.Handshake
	charge    func(peer.ID, error)
	role      func(network.Conn) role
	emit      func(events.Event)
	followers []follower
	left      departures
	traffic   *Traffic           // nil: bytes are not counted
	hops      map[peer.ID]bool   // relays that the operator named; not changed any more
	forget    func(peer.ID)      // a peer's last connection has ended; nil: tell nobody
	entered   func(network.Conn) // makes room for a connection; nil: there is enough

	mu   sync.Mutex
	up   map[peer.ID]*linked
	down map[peer.ID]events.Reason // why we are letting go of a peer
	last int32                     // number given last
}

func newPeers(h host.Host, ledger *status.Ledger, emit func(events.Event)) *peers {
	return &peers{
		host: h, ledger: ledger, emit: emit,
		up: make(map[peer.ID]*linked), down: make(map[peer.ID]events.Reason),
	}
}

// Run watches connections until ctx ends, and returns when no handshake is
// under way.
func (t *peers) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	watch := &network.NotifyBundle{
		// Each goroutine ends with its handshake, its connection or ctx.
		ConnectedF: func(_ network.Network, c network.Conn) {
			t.open(c)
			wg.Go(func() { t.connected(ctx, c) })
		},
		DisconnectedF: func(_ network.Network, c network.Conn) { t.disconnected(c) },
	}
	t.host.Network().Notify(watch)
	for _, c := range t.host.Network().Conns() { // made before we watched
		t.open(c)
		wg.Go(func() { t.connected(ctx, c) })
	}
	<-ctx.Done()
	t.host.Network().StopNotify(watch)
	wg.Wait()
	return nil
}

// open is called before anything else, and before the connection's end.
func (t *peers) open(c network.Conn) {
	if t.traffic != nil {
		t.traffic.open(c.RemotePeer())
	}
}

// connected makes the handshake on a connection of ours, or gives the other
// side its time to make it.
func (t *peers) connected(ctx context.Context, c network.Conn) {
	if t.entered != nil {
		t.entered(c)
	}
	if t.hops[c.RemotePeer()] {
		return
	}
	if c.Stat().Limited {
		return // by a relay, for the sake of a direct one that follows; nothing else goes over it
	}
	if c.Stat().Direction == network.DirOutbound {
		s, err := t.handshake.Greet(ctx, c)
		if err != nil {
			t.refuse(ctx, c, err)
			return
		}
		t.accept(c, s)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, status.Timeout)
	defer cancel()
	if err := t.ledger.Await(ctx, c); err != nil && !c.IsClosed() {
		t.refuse(ctx, c, exchange.Charge(c.RemotePeer(), events.NoStatus, "no status within %v", status.Timeout))
	}
}

// refuse charges the peer and ends the connection.
func (t *peers) refuse(ctx context.Context, c network.Conn, err error) {
	reason := exchange.ReasonOf(err)
	if errors.Is(context.Cause(ctx), context.Canceled) {
		reason = events.Stopping
	}
	t.note(c.RemotePeer(), reason)
	t.charge(c.RemotePeer(), err)
	_ = c.Close() // it is of no use either way
}

// accept enters a peer whose status fits ours.
func (t *peers) accept(c network.Conn, s status.Status) {
	p, r := c.RemotePeer(), t.role(c)
	t.mu.Lock()
	_, again := t.up[p]
	if c.IsClosed() || again {
		t.mu.Unlock()
		return
	}
	t.last++
	l := &linked{number: t.last, id: p, conn: c, status: s, since: time.Now(), inbound: r.kind == events.Inbound, role: r}
	t.up[p] = l
	// Followers are told under the lock, so that Join and Leave of one peer
	// reach them in order. They only note it.
	for _, f := range t.followers {
		f.Join(*l)
	}
	t.mu.Unlock()
	t.emit(events.PeerUp{Peer: p, Inbound: l.inbound, Kind: r.kind, Origin: r.origin, Agent: s.Agent, Height: s.Height})
}

// disconnected forgets a connection and, with its last one, the peer.
func (t *peers) disconnected(c network.Conn) {
	t.ledger.Forget(c)
	p := c.RemotePeer()
	t.mu.Lock()
	if t.host.Network().Connectedness(p) == network.Connected {
		if l, ok := t.up[p]; ok && l.conn == c {
			if rest := t.host.Network().ConnsToPeer(p); len(rest) > 0 {
				l.conn = rest[0]
			}
		}
		t.mu.Unlock()
		return
	}
	reason, ours := t.down[p]
	if !ours {
		reason = events.RemoteLeft
	}
	delete(t.down, p)
	if t.traffic != nil {
		t.traffic.close(p)
	}
	if t.forget != nil {
		t.forget(p)
	}
	t.left.note(p, time.Now(), reason)
	_, was := t.up[p]
	delete(t.up, p)
	if was {
		for _, f := range t.followers {
			f.Leave(p)
		}
	}
	t.mu.Unlock()
	if was {
		t.emit(events.PeerDown{Peer: p, Reason: reason})
	}
}

// disconnect lets go of a peer for a reason.
func (t *peers) disconnect(p peer.ID, why events.Reason) {
	t.note(p, why)
	_ = t.host.Network().ClosePeer(p) // Disconnected follows whether or not it closed cleanly
}

// note remembers why a peer is being let go, for the event when it is gone.
func (t *peers) note(p peer.ID, why events.Reason) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.down) < maxDown {
		t.down[p] = why
	}
}

// has says whether a peer is up.
func (t *peers) has(p peer.ID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.up[p]
	return ok
}

// relays says whether a peer is up, over a link that carries transactions.
func (t *peers) relays(p peer.ID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, ok := t.up[p]
	return ok && l.kind.Transactions()
}

// list returns the peers that are up, the longest first.
func (t *peers) list() []linked {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]linked, 0, len(t.up))
	for _, l := range t.up {
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b linked) int {
		if order := a.since.Compare(b.since); order != 0 {
			return order
		}
		return slices.Compare([]byte(a.id), []byte(b.id))
	})
	return all
}

// count returns how many peers are up, and how many of them dialled us.
func (t *peers) count() (all, inbound int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.up {
		if l.inbound {
			inbound++
		}
	}
	return len(t.up), inbound
}

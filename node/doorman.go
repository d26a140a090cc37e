package node

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/discovery/slots"
	"github.com/pappus-network/pappus/events"
)

var errTurnedAway = errors.New("no slot for this netgroup")

// entrance is the resource manager with our door before it: both TCP and QUIC ask it
// for an inbound connection before any handshake.
type entrance struct {
	network.ResourceManager
	door atomic.Pointer[doorman] // nil until the node is put together; it does not listen before
}

// OpenConnection implements network.ResourceManager.
func (e *entrance) OpenConnection(dir network.Direction, usefd bool, endpoint multiaddr.Multiaddr) (network.ConnManagementScope, error) {
	if d := e.door.Load(); d != nil && dir == network.DirInbound && !d.knock(endpoint) {
		return nil, errTurnedAway
	}
	return e.ResourceManager.OpenConnection(dir, usefd, endpoint)
}

// VerifySourceAddress implements network.ResourceManager: a QUIC dial shows that it
// comes from where it says, at the price of a round trip, before it counts as a knock.
// Else whoever can forge a source would have the knocks of others counted.
func (e *entrance) VerifySourceAddress(net.Addr) bool { return true }

// doorman carries out what the door decides. It is safe for concurrent use.
type doorman struct {
	node  *Node
	alike []netip.Prefix // where addresses do not tell hosts apart

	mu     sync.Mutex
	door   *slots.Door
	guests []guest // in the order in which their stays end

	wake chan struct{} // there is a first guest
}

// guest is a connection whose stay is not over.
type guest struct {
	conn  network.Conn
	until time.Time
}

func newDoorman(n *Node, bounds limits, src rand.Source) *doorman {
	return &doorman{
		node: n, alike: bounds.exempt(), door: slots.NewDoor(slots.DefaultDoorConfig(bounds.Inbound), src), wake: make(chan struct{}, 1),
	}
}

// tellsApart says whether an address belongs to one host. Two on this machine share
// one, as all of a development network do.
func (d *doorman) tellsApart(a multiaddr.Multiaddr) bool {
	ip := netgroup.IPOf(a)
	return !slices.ContainsFunc(d.alike, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// knock says whether a connection may go on to its handshake.
func (d *doorman) knock(from multiaddr.Multiaddr) bool {
	if !d.tellsApart(from) {
		return true // who knocks is not known before the handshake
	}
	links := d.links()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.door.Knock(time.Now(), d.node.table.OfAddr(from), links) {
		d.node.metrics.turned.Inc()
		return false
	}
	return true
}

// entered lets go of whoever makes way for a connection that is through its handshake,
// and notes a guest.
func (d *doorman) entered(c network.Conn) {
	if c.Stat().Direction != network.DirInbound {
		return
	}
	links, now := d.links(), time.Now()
	if len(links) <= d.door.Slots() {
		return
	}
	d.mu.Lock()
	gone := d.door.Enter(now, c.RemotePeer(), links)
	if !slices.Contains(gone, c.RemotePeer()) {
		d.guests = slices.DeleteFunc(d.guests, func(g guest) bool { return g.conn.IsClosed() })
		d.guests = append(d.guests, guest{c, now.Add(d.door.Stay())})
	}
	d.mu.Unlock()
	for _, p := range gone {
		d.node.peers.disconnect(p, events.Evicted)
	}
	d.rouse()
}

// linger is how long a guest stays that has been told addresses, so that they reach it: a
// round trip of a second, and as long to be sent again once.
const linger = 2 * time.Second

// told ends the stay of a guest that has got what it was let in for: others may wait for
// its place.
func (d *doorman) told(c network.Conn) {
	until := time.Now().Add(linger)
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.guests {
		if d.guests[i].conn == c && until.Before(d.guests[i].until) {
			d.guests[i].until = until
			slices.SortStableFunc(d.guests, func(a, b guest) int { return a.until.Compare(b.until) })
			d.rouse()
			return
		}
	}
}

// rouse has Run look at the guests. It does not wait.
func (d *doorman) rouse() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run lets go of whoever makes way when a guest's stay is over, until ctx ends.
func (d *doorman) Run(ctx context.Context) error {
	over := time.NewTimer(0)
	defer over.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
		case <-over.C:
		}
		until := d.stayed()
		over.Stop()
		if !until.IsZero() {
			over.Reset(time.Until(until))
		}
	}
}

// stayed has the door decide about guests whose stay is over, and says when the next one's
// is; zero = there is no guest.
func (d *doorman) stayed() (next time.Time) {
	for {
		links := d.links()
		d.mu.Lock()
		if len(d.guests) == 0 || time.Now().Before(d.guests[0].until) {
			if len(d.guests) > 0 {
				next = d.guests[0].until
			}
			d.mu.Unlock()
			return next
		}
		g := d.guests[0]
		d.guests = d.guests[1:]
		gone, found := peer.ID(""), false
		if !g.conn.IsClosed() {
			gone, found = d.door.Stayed(time.Now(), g.conn.RemotePeer(), links)
		}
		d.mu.Unlock()
		if found {
			d.node.peers.disconnect(gone, events.Evicted)
		}
	}
}

// protects says why a peer's link makes way for nobody; "" if it may.
func (d *doorman) protects(p peer.ID) string {
	for _, l := range d.node.peers.list() {
		if l.id == p && !l.inbound {
			return "this node opened it"
		}
	}
	links := d.links()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.door.Protect(links)[p]
}

// group is a link's netgroup, where there are any; else each peer is one.
func (d *doorman) group(c network.Conn) string {
	if d.tellsApart(c.RemoteMultiaddr()) {
		return d.node.table.OfAddr(c.RemoteMultiaddr())
	}
	return string(c.RemotePeer())
}

// links returns the peers that are linked by nothing but connections of their own.
func (d *doorman) links() []slots.Inbound {
	n := d.node
	conns := n.host.Network().Conns()
	first := make(map[peer.ID]network.Conn, len(conns))
	for _, c := range conns {
		if old := first[c.RemotePeer()]; old == nil || c.Stat().Direction == network.DirOutbound {
			first[c.RemotePeer()] = c
		}
	}
	all := make([]slots.Inbound, 0, len(first))
	now := time.Now()
	for p, c := range first { // the door puts them in order
		if c.Stat().Direction != network.DirInbound || c.Stat().Limited || c.IsClosed() {
			continue
		}
		l := slots.Inbound{Peer: p, Group: d.group(c), Since: c.Stat().Opened, Greeted: n.peers.has(p), Named: n.keeper.keeps(p)}
		if l.Greeted {
			_, l.Ping, _ = n.pings.of(p, now)
			l.LastTx = n.relaying.relay.LastTx(p)
			if s, ok := n.sync.PeerProgress(p); ok {
				l.LastBlock = s.LastBlock
			}
		}
		all = append(all, l)
	}
	return all
}

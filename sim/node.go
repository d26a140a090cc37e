package sim

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/discovery/slots"
	"github.com/pappus-network/pappus/relay/ask"
	"github.com/pappus-network/pappus/relay/spread"
)

// node drives what one node of the real network is made of. What its mechanism
// does not need is nil.
type node struct {
	id       int32
	made     bool // something has happened to it in this round
	router   *dandelion.Router
	schedule *spread.Schedule
	tracker  *ask.Tracker
	rotation *slots.Rotation
	due      [parts]time.Duration // when each part has something to do; never = nothing
	alarm    time.Duration        // of the wake event that counts; never = none
}

// The parts of a node that have timers. Looking at one that has nothing to do costs
// a dozen cache misses, of which most of a simulation's time consists.
const (
	routing = iota
	announcing
	asking
	parts
)

// never is later than any event.
const never = time.Duration(math.MaxInt64)

// node returns a node, made if nothing has happened to it yet.
func (n *Network) node(v int32) *node {
	m := &n.nodes[v]
	if m.made {
		return m
	}
	// What a node draws depends on nothing but its number and the round.
	src := rand.NewPCG(n.cfg.Seed+uint64(n.round)<<32, uint64(v)+1) // numbers are not negative
	*m = node{id: v, made: true, due: [parts]time.Duration{never, never, never}, alarm: never}
	n.touched = append(n.touched, v)
	if n.cfg.Mechanism == Dandelion {
		m.router = dandelion.NewRouter(n.cfg.Dandelion, src, n.time())
		n.relink(m)
	}
	switch n.spreads() {
	case Flood:
		m.schedule = spread.New(n.cfg.Flooding, src, n.time())
	case Diffusion:
		m.schedule = spread.New(n.cfg.Diffusion, src, n.time())
	case Gossip, Trickle, Dandelion:
	}
	if !n.cfg.Push && (n.spreads() != Gossip || n.cfg.Faults.Reconcile > 0) {
		m.tracker = ask.New(n.cfg.Ask, src)
	}
	for _, l := range n.links[v] {
		if n.up(l.peer) {
			n.join(m, l)
		}
	}
	if m.schedule != nil && n.cfg.Adversary.Kind == Supernode {
		for _, id := range n.ids[n.graph.Len():] {
			m.schedule.Join(n.time(), id, n.cfg.Adversary.Inbound)
		}
	}
	n.rearm(m)
	return m
}

// join tells a node of a peer.
func (n *Network) join(m *node, l link) {
	id, inbound := n.ids[l.peer], !l.dialled && !n.cfg.Exclusive
	if m.schedule != nil {
		m.schedule.Join(n.time(), id, inbound)
	}
	if m.tracker != nil {
		m.tracker.Join(id, inbound)
	}
}

// part tells a node that a peer is gone.
func (n *Network) part(m *node, peer int32) {
	id := n.ids[peer]
	if m.schedule != nil {
		m.schedule.Leave(id)
	}
	if m.tracker != nil {
		m.tracker.Leave(n.time(), id)
	}
}

// relink tells the router which peers may be stems: those that the node dialled.
func (n *Network) relink(m *node) {
	if m.router == nil {
		return
	}
	n.peers = n.peers[:0]
	for _, l := range n.links[m.id] {
		if l.dialled && n.up(l.peer) {
			n.peers = append(n.peers, dandelion.Peer{ID: n.ids[l.peer], Group: string(n.ids[l.peer])})
		}
	}
	n.act(m, m.router.SetPeers(n.time(), n.peers))
}

// rearm looks at all parts of a node.
func (n *Network) rearm(m *node) {
	for part := range parts {
		n.arm(m, part)
	}
}

// arm makes sure that the node wakes when something of a part is due. Whatever
// makes that sooner is followed by it; what makes it later need not be.
func (n *Network) arm(m *node, part int) {
	m.due[part] = n.next(m, part)
	at := max(m.due[part], n.now)
	if at >= m.alarm {
		return // it wakes before that, and looks again
	}
	m.alarm = at
	n.queue.push(at, event{kind: wake, to: m.id, from: -1})
}

func (n *Network) next(m *node, part int) time.Duration {
	var next time.Time
	switch {
	case part == routing && m.router != nil:
		next = m.router.Next()
	case part == announcing && m.schedule != nil:
		next = m.schedule.Next()
	case part == asking && m.tracker != nil:
		next = m.tracker.Next()
	}
	if next.IsZero() {
		return never
	}
	return next.Sub(start)
}

// woken carries out what is due at a node.
func (n *Network) woken(m *node) {
	if m.alarm != n.now {
		return // an earlier one came after it was set
	}
	m.alarm = never
	if m.due[routing] <= n.now {
		n.act(m, m.router.Tick(n.time()))
	}
	if m.due[announcing] <= n.now {
		for _, b := range m.schedule.Tick(n.time()) {
			if txs := n.gather(m.id, b.Txs); len(txs) > 0 {
				n.announce(m.id, number(b.To), txs)
			}
		}
	}
	if m.due[asking] <= n.now {
		for _, r := range m.tracker.Tick(n.time()) {
			n.ask(m.id, number(r.Peer), r.Txs)
		}
	}
	for part, due := range m.due {
		if due <= n.now {
			m.due[part] = n.next(m, part)
		}
	}
	if at := min(m.due[routing], m.due[announcing], m.due[asking]); max(at, n.now) < m.alarm && at < never {
		m.alarm = max(at, n.now)
		n.queue.push(m.alarm, event{kind: wake, to: m.id, from: -1})
	}
}

// act carries out what a router says.
func (n *Network) act(m *node, actions []dandelion.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case dandelion.Stem:
			n.hand(m.id, number(a.To), txOf(&a.Tx))
		case dandelion.Fluff:
			n.fluffed(m.id, txOf(&a.Tx), number(a.Except), a.Cause)
		case dandelion.Wait:
		}
	}
}

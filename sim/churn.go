package sim

import (
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery/slots"
)

// planFaults plans what goes wrong in a round.
func (n *Network) planFaults() {
	f := n.cfg.Faults
	n.online = nil
	if f.Up <= 0 && f.Rotation.Mean <= 0 && f.Reconcile <= 0 && n.doomed == nil {
		return
	}
	if n.doomed != nil || f.Up > 0 {
		n.online = slices.Repeat([]bool{true}, n.graph.Len())
	}
	for v := range int32(n.graph.Len()) {
		if n.doomed != nil && n.doomed[v] {
			n.queue.push(f.CrashAt, event{kind: leave, to: v, from: -1, extra: 1})
		} else if f.Up > 0 {
			n.queue.push(n.exponential(f.Up), event{kind: leave, to: v, from: -1})
		}
		if f.Rotation.Mean > 0 {
			m := n.node(v)
			m.rotation = slots.NewRotation(f.Rotation, n.fork(), n.time())
			n.queue.push(m.rotation.Next().Sub(start), event{kind: rotate, to: v, from: -1})
		}
		if f.Reconcile > 0 {
			n.later(v)
		}
	}
}

func (n *Network) exponential(mean time.Duration) time.Duration {
	return time.Duration(n.rng.ExpFloat64() * float64(mean))
}

// leaves takes a node off the network. It keeps what it has.
func (n *Network) leaves(v int32) {
	if !n.online[v] {
		return
	}
	n.online[v] = false
	n.neighbours(v, func(m *node, _ link) {
		n.part(m, v)
		n.relink(m)
	})
	if n.doomed == nil || !n.doomed[v] {
		n.queue.push(n.now+n.exponential(n.cfg.Faults.Down), event{kind: enter, to: v, from: -1})
	}
}

// enters brings a node back, with the links that it had.
func (n *Network) enters(v int32) {
	n.online[v] = true
	n.neighbours(v, func(m *node, back link) {
		n.join(m, back)
		n.relink(m)
	})
	if m := &n.nodes[v]; m.made {
		n.rearm(m)
	}
	n.queue.push(n.now+n.exponential(n.cfg.Faults.Up), event{kind: leave, to: v, from: -1})
}

// neighbours calls f for each neighbour of v that exists, with its end of the link.
func (n *Network) neighbours(v int32, f func(m *node, back link)) {
	for _, l := range n.links[v] {
		m := &n.nodes[l.peer]
		if !m.made || !n.up(l.peer) {
			continue
		}
		if i, ok := find(n.links[l.peer], v); ok {
			f(m, n.links[l.peer][i])
			n.rearm(m)
		}
	}
}

// candidates is how many nodes a rotation may choose from: as an address book's
// answer would be.
const candidates = 8

// rotates lets a node's links make way for others, by the node's own rule.
func (n *Network) rotates(v int32) {
	m := n.node(v)
	var links []slots.Link
	for _, l := range n.links[v] {
		if l.dialled && n.up(l.peer) {
			links = append(links, slots.Link{Peer: n.ids[l.peer], Since: start.Add(time.Duration(l.since))})
		}
	}
	for _, a := range m.rotation.Tick(n.time(), links, n.strangers(v)) {
		switch a := a.(type) {
		case slots.Dial:
			n.connect(v, number(a.Peer))
		case slots.Drop:
			n.disconnect(v, number(a.Peer))
		}
	}
	n.queue.push(max(m.rotation.Next().Sub(start), n.now+time.Second), event{kind: rotate, to: v, from: -1})
}

// strangers draws nodes that v is not linked to.
func (n *Network) strangers(v int32) []peer.ID {
	var ids []peer.ID
	for range 4 * candidates {
		u := int32(n.rng.IntN(n.graph.Len()))
		if _, linked := find(n.links[v], u); u == v || linked || !n.up(u) || slices.Contains(ids, n.ids[u]) {
			continue
		}
		if ids = append(ids, n.ids[u]); len(ids) == candidates {
			break
		}
	}
	return ids
}

// connect makes a link that v has dialled.
func (n *Network) connect(v, u int32) {
	delay := n.latency(v, u)
	n.insert(v, link{peer: u, delay: delay, since: int64(n.now), dialled: true})
	n.insert(u, link{peer: v, delay: delay, since: int64(n.now)})
	if n.mesh != nil && len(n.mesh[v]) < n.cfg.Mesh.Degree && len(n.mesh[u]) < n.cfg.Mesh.High {
		n.mesh[v], n.mesh[u] = append(n.mesh[v], u), append(n.mesh[u], v)
	}
}

func (n *Network) insert(v int32, l link) {
	i, ok := find(n.links[v], l.peer)
	if ok {
		return
	}
	n.links[v] = slices.Insert(n.links[v], i, l)
	if m := &n.nodes[v]; m.made && n.up(l.peer) {
		n.join(m, l)
		n.relink(m)
		n.rearm(m)
	}
}

// disconnect ends a link that v has dialled. If u has dialled it too it stays, and
// is inbound for v from now on.
func (n *Network) disconnect(v, u int32) {
	mine, here := find(n.links[v], u)
	if yours, there := find(n.links[u], v); here && there && n.links[u][yours].dialled {
		n.links[v][mine].dialled = false
		m := n.node(v)
		n.part(m, u)
		n.join(m, n.links[v][mine])
		n.relink(m)
		n.rearm(m)
		return
	}
	for _, end := range [2][2]int32{{v, u}, {u, v}} {
		i, ok := find(n.links[end[0]], end[1])
		if !ok {
			continue
		}
		n.links[end[0]] = slices.Delete(n.links[end[0]], i, i+1)
		if n.mesh != nil {
			n.mesh[end[0]] = slices.DeleteFunc(n.mesh[end[0]], func(p int32) bool { return p == end[1] })
		}
		if m := &n.nodes[end[0]]; m.made {
			n.part(m, end[1])
			n.relink(m)
			n.rearm(m)
		}
	}
}

// later plans when a node asks a peer for its mempool.
func (n *Network) later(v int32) {
	n.queue.push(n.now+n.exponential(n.cfg.Faults.Reconcile), event{kind: wonder, to: v, from: -1})
}

// wonders asks a peer, drawn at random, for its mempool.
func (n *Network) wonders(v int32) {
	n.later(v)
	links := n.links[v]
	if len(links) == 0 {
		return
	}
	if u := links[n.rng.IntN(len(links))].peer; n.up(u) {
		n.result.Cost.Asked.add(0, envelopeBytes)
		n.send(v, u, 0, query, envelopeBytes)
	}
}

// mempoolItems is the most that an answer holds (docs/protocol.md, inventory).
const mempoolItems = 1024

// list answers a question for a mempool.
func (n *Network) list(e *event) {
	n.buffer = n.buffer[:0]
	for _, tx := range n.pending {
		if n.has(e.to, tx) && len(n.buffer) < mempoolItems {
			n.buffer = append(n.buffer, tx)
		}
	}
	if len(n.buffer) > 0 {
		size := listBytes + itemBytes*len(n.buffer)
		n.result.Cost.Announced.add(len(n.buffer), size)
		n.sendList(e.to, e.from, n.buffer, inv, size)
	}
}

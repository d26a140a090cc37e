package sim

import (
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/dandelion"
)

// happen lets one event happen.
func (n *Network) happen(e *event) {
	if e.kind >= expire {
		n.govern(e)
		return
	}
	if n.supernode(e.to) {
		n.observe(e)
		return
	}
	if !n.up(e.to) {
		n.missed(e)
		return
	}
	switch e.kind {
	case inv:
		n.told(e)
		return
	case get:
		n.asked(e)
		return
	case wake:
		n.woken(n.node(e.to))
		return
	case query:
		n.list(e)
		return
	case wonder:
		n.wonders(e.to)
		return
	default:
	}
	if !n.going(e.tx) {
		return
	}
	n.concern(e)
}

// concern lets happen what is about one transaction whose story goes on.
func (n *Network) concern(e *event) {
	switch e.kind {
	case submit:
		n.submitted(e.to, e.tx)
	case ready:
		n.pass(e.to, e.from, e.tx)
	case absent:
		n.refused(e)
	case body:
		n.delivered(e, "have")
	case push:
		n.spied(e.to, e.from, e.tx, false)
		n.delivered(e, "pushed")
	case stem:
		n.stemmed(e)
	case undone:
		m := n.node(e.to)
		n.act(m, m.router.Failed(n.time(), n.hashes[e.tx], n.ids[e.from]))
		n.arm(m, routing)
	case lazy:
		n.advertised(e)
	case want:
		n.serve(e.to, e.from, e.tx, push)
	case beat:
		n.beats(e)
	case trickle:
		n.trickles(e)
	default:
	}
}

// submitted sends a transaction of a node's own.
func (n *Network) submitted(v, tx int32) {
	n.step(tx, "submit", v, -1)
	if n.cfg.Mechanism != Dandelion {
		n.have(v, -1, tx)
		return
	}
	m := n.node(v)
	n.act(m, m.router.Submit(n.time(), n.hashes[tx]))
	n.arm(m, routing)
}

// stemmed takes a transaction in its stem.
func (n *Network) stemmed(e *event) {
	v, tx := e.to, e.tx
	n.spied(v, e.from, tx, true)
	if n.has(v, tx) || n.swallows(v) || n.silent(v) {
		return
	}
	m := n.node(v)
	n.act(m, m.router.Relay(n.time(), n.hashes[tx], n.ids[e.from]))
	n.arm(m, routing)
}

// swallows says whether a node is a black hole: it takes part in all but stems.
func (n *Network) swallows(v int32) bool { return n.holes != nil && n.holes[v] }

// silent says whether a node is a spy that relays nothing.
func (n *Network) silent(v int32) bool {
	return n.cfg.Adversary.Silent && n.spies != nil && n.spies[v]
}

// fluffed ends a stem at v.
func (n *Network) fluffed(v, tx, except int32, cause dandelion.Cause) {
	if !n.going(tx) || n.has(v, tx) {
		return
	}
	n.step(tx, "fluff: "+cause.String(), v, -1)
	if t := &n.result.Txs[tx]; t.Fluffed == Never {
		t.Fluffed, t.FluffedBy, t.Cause = n.now-t.At, v, cause
	}
	n.have(v, except, tx)
}

// have puts a transaction into a node's mempool. It came from a node, or is not
// to be told to it; -1 = none.
func (n *Network) have(v, from, tx int32) {
	n.arrived(v, tx)
	m := n.node(v)
	hash := n.hashes[tx]
	if m.router != nil {
		m.router.Seen(hash)
	}
	if m.tracker != nil {
		m.tracker.Known(hash)
	}
	wait := n.cfg.Links.Validation
	if n.slow != nil && n.slow[v] {
		wait += n.cfg.Faults.SlowBy
	}
	if wait > 0 {
		n.queue.push(n.now+wait, event{kind: ready, to: v, from: from, tx: tx})
		return
	}
	n.pass(v, from, tx)
}

// pass spreads a transaction that a node has.
func (n *Network) pass(v, from, tx int32) {
	m := n.node(v)
	switch {
	case n.silent(v):
	case m.schedule != nil && from >= 0:
		m.schedule.Add(n.time(), n.hashes[tx], n.ids[from])
	case m.schedule != nil:
		m.schedule.Add(n.time(), n.hashes[tx])
	case n.spreads() == Gossip:
		n.publish(v, from, tx)
	case n.spreads() == Trickle:
		n.claim(v, tx)
		n.queue.push(n.now+n.cfg.Flooding.Delay, event{kind: trickle, to: v, from: from, tx: tx})
	}
	n.arm(m, announcing)
}

// delivered takes a transaction that came whole.
func (n *Network) delivered(e *event, how string) {
	if n.has(e.to, e.tx) {
		n.result.Cost.Duplicates++
		return
	}
	n.step(e.tx, how, e.from, e.to)
	n.have(e.to, e.from, e.tx)
}

// told takes an announcement.
func (n *Network) told(e *event) {
	m := n.node(e.to)
	var fresh []chainhash.Hash
	for _, tx := range n.named(e.tx) {
		if !n.going(tx) {
			continue
		}
		n.spied(e.to, e.from, tx, false)
		if m.schedule != nil {
			m.schedule.Knows(n.ids[e.from], n.hashes[tx])
		}
		if n.has(e.to, tx) {
			continue
		}
		if n.cfg.Push {
			n.step(tx, "have", e.from, e.to)
			n.have(e.to, e.from, tx)
			continue
		}
		fresh = append(fresh, n.hashes[tx])
	}
	if len(fresh) > 0 && m.tracker != nil {
		m.tracker.Announced(n.time(), n.ids[e.from], fresh)
		n.arm(m, asking)
	}
}

// asked answers a request, transaction by transaction.
func (n *Network) asked(e *event) {
	for _, tx := range n.named(e.tx) {
		if n.going(tx) {
			n.serve(e.to, e.from, tx, body)
		}
	}
}

// refused says that a peer has not got what it was asked for.
func (n *Network) refused(e *event) {
	m := n.node(e.to)
	if m.tracker != nil {
		m.tracker.Failed(n.time(), n.ids[e.from], n.hashes[e.tx])
		n.arm(m, asking)
	}
}

// named returns the transactions of an event.
func (n *Network) named(ref int32) []int32 {
	if ref < 0 {
		return n.batch.take(ref)
	}
	n.single[0] = ref
	return n.single[:]
}

// observe is what happens at the supernode: it listens.
func (n *Network) observe(e *event) {
	switch e.kind {
	case inv:
		for _, tx := range n.named(e.tx) {
			if n.going(tx) {
				n.spied(e.to, e.from, tx, false)
			}
		}
	case push, body, lazy:
		if n.going(e.tx) {
			n.spied(e.to, e.from, e.tx, false)
		}
	default:
	}
}

// missed is what comes of an event at a node that is not there.
func (n *Network) missed(e *event) {
	switch e.kind {
	case stem:
		if n.going(e.tx) && n.up(e.from) {
			n.queue.push(n.now, event{kind: undone, to: e.from, from: e.to, tx: e.tx})
		}
	case inv, get:
		n.named(e.tx) // frees the batch
	case wake:
		n.node(e.to).alarm = never // it wakes when it comes back
	case wonder:
		n.later(e.to)
	default:
	}
}

package sim

import "math/rand/v2"

// Trickle is what Bitcoin did until 2015: a node tells its peers in a random order,
// one a slot. It is here to be compared with; nodes do not do it. A slot is
// flooding's delay. Source: Fanti and Viswanath, "Anonymity Properties of the
// Bitcoin P2P Network" (arXiv:1703.08761), section 3.

// trickles tells the next peer of e.to's order, whose place is e.extra.
func (n *Network) trickles(e *event) {
	if !n.going(e.tx) {
		return
	}
	peers := n.audience(e.to, e.from, e.tx)
	// The order is drawn anew each turn from the same source: to keep one for
	// each transaction that waits at each node would take far more memory.
	rng := rand.New(rand.NewPCG(n.cfg.Seed^uint64(e.tx)<<32, uint64(e.to))) // numbers are not negative
	rng.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	for int(e.extra) < len(peers) && !n.supernode(peers[e.extra]) && n.has(peers[e.extra], e.tx) {
		e.extra++ // it has told us, or would have
	}
	if int(e.extra) >= len(peers) {
		return
	}
	n.buffer = append(n.buffer[:0], e.tx)
	n.announce(e.to, peers[e.extra], n.buffer)
	n.queue.push(n.now+n.cfg.Flooding.Delay, event{kind: trickle, to: e.to, from: e.from, tx: e.tx, extra: e.extra + 1})
}

// claim takes the peers of a node that nobody has told or will tell.
func (n *Network) claim(v, tx int32) {
	claims := n.holders[tx].claims
	if claims == nil {
		return
	}
	for _, l := range n.links[v] {
		if claims[l.peer] == 0 && !n.has(l.peer, tx) {
			claims[l.peer] = v + 1
		}
	}
}

// audience returns the peers of a node but the one that it has a transaction from and
// those that others have taken, and the supernode's connections.
func (n *Network) audience(v, but, tx int32) []int32 {
	claims := n.holders[tx].claims
	peers := make([]int32, 0, len(n.links[v])+len(n.ids)-n.graph.Len())
	for _, l := range n.links[v] {
		if l.peer != but && n.up(l.peer) && (claims == nil || claims[l.peer] == v+1) {
			peers = append(peers, l.peer)
		}
	}
	for g := n.graph.Len(); g < len(n.ids); g++ {
		peers = append(peers, int32(g))
	}
	return peers
}

package sim

import "slices"

// The model of gossipsub, after its specification v1.1 and go-libp2p-pubsub's
// defaults: each node has Degree mesh peers, links that both ends agree on; what
// is new goes to all of them at once, without flood publishing; a heartbeat
// later, and History times in all, some others are told of its id and may ask for
// it. Scores, pruning, backoff and IDONTWANT are not modelled: among honest peers
// the first three do not act, and the last is for messages larger than a
// transaction.

// weave grafts a mesh onto the links, in a random order of nodes: each tops up
// from Low to Degree, and refuses nobody below High.
func (n *Network) weave() [][]int32 {
	size := n.graph.Len()
	mesh := make([][]int32, size)
	for _, i := range n.rng.Perm(size) {
		v := int32(i) // nodes are numbered by int32
		if len(mesh[v]) >= n.cfg.Mesh.Low {
			continue
		}
		links := n.links[v]
		for _, j := range n.rng.Perm(len(links)) {
			u := links[j].peer
			if len(mesh[v]) >= n.cfg.Mesh.Degree {
				break
			}
			if len(mesh[u]) < n.cfg.Mesh.High && !slices.Contains(mesh[v], u) {
				mesh[v], mesh[u] = append(mesh[v], u), append(mesh[u], v)
			}
		}
	}
	return mesh
}

// publish sends a transaction to the mesh, and to a supernode, which takes part
// in everybody's.
func (n *Network) publish(v, from, tx int32) {
	for _, u := range n.mesh[v] {
		if u != from && n.up(u) {
			n.serve(v, u, tx, push)
		}
	}
	for g := range n.ids[n.graph.Len():] {
		n.serve(v, int32(n.graph.Len()+g), tx, push)
	}
	if n.cfg.Mesh.Lazy > 0 && n.cfg.Mesh.History > 0 {
		n.queue.push(n.now+n.phase(v), event{kind: beat, to: v, from: -1, tx: tx, extra: 1})
	}
}

// beats tells some peers outside the mesh of a transaction's id.
func (n *Network) beats(e *event) {
	links := n.links[e.to]
	told := 0
	for _, i := range n.rng.Perm(len(links)) {
		if told == n.cfg.Mesh.Lazy {
			break
		}
		if u := links[i].peer; !slices.Contains(n.mesh[e.to], u) && n.up(u) {
			n.result.Cost.Lazy.add(1, lazyBytes)
			n.send(e.to, u, e.tx, lazy, lazyBytes)
			told++
		}
	}
	if int(e.extra) < n.cfg.Mesh.History {
		n.queue.push(n.now+n.cfg.Mesh.Heartbeat, event{kind: beat, to: e.to, from: -1, tx: e.tx, extra: e.extra + 1})
	}
}

// advertised asks for a transaction that a heartbeat has told of.
func (n *Network) advertised(e *event) {
	n.spied(e.to, e.from, e.tx, false)
	if n.has(e.to, e.tx) {
		return
	}
	n.result.Cost.Lazy.add(1, lazyBytes)
	n.send(e.to, e.from, e.tx, want, lazyBytes)
}

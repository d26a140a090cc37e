package sim

import "time"

// planLoad draws a round's transactions: who sends which, and when.
func (n *Network) planLoad() {
	l := n.cfg.Load
	at := time.Duration(0)
	for _, v := range n.sources() {
		tx := n.openStory(v)
		n.result.Txs[tx].At = at
		n.queue.push(at, event{kind: submit, to: v, from: -1, tx: tx})
		n.queue.push(at+l.Limit, event{kind: expire, to: v, from: -1, tx: tx})
		at += time.Duration(n.rng.ExpFloat64() * float64(l.Interval))
	}
}

// sources draws who sends, in order.
func (n *Network) sources() []int32 {
	switch n.cfg.Load.Source {
	case Each:
		all := make([]int32, 0, len(n.honest))
		for _, i := range n.rng.Perm(len(n.honest)) {
			all = append(all, n.honest[i])
		}
		return all
	case Same:
		one := n.honest[n.rng.IntN(len(n.honest))]
		all := make([]int32, n.cfg.Load.Count)
		for i := range all {
			all[i] = one
		}
		return all
	case Random:
	}
	all := make([]int32, n.cfg.Load.Count)
	for i := range all {
		all[i] = n.honest[n.rng.IntN(len(n.honest))]
	}
	return all
}

// govern lets happen what no node does.
func (n *Network) govern(e *event) {
	switch e.kind {
	case expire, settle:
		n.end(e.tx)
	case leave:
		n.leaves(e.to)
	case enter:
		n.enters(e.to)
	case rotate:
		n.rotates(e.to)
	default:
	}
}

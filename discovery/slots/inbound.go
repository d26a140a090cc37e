package slots

import (
	"cmp"
	"hash/fnv"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Inbound is a link that the other side opened.
type Inbound struct {
	Peer      peer.ID
	Group     string // netgroup of its address
	Since     time.Time
	Greeted   bool          // it has completed the handshake
	Named     bool          // the operator named it
	Ping      time.Duration // the least so far; 0 = none yet
	LastTx    time.Time     // when it last brought a transaction that was new and good; zero = never
	LastBlock time.Time     // the same of a block
}

// How many links are kept for what an attacker with many addresses cannot have all
// of: netgroups that only this node can tell apart, a place near by, work done for
// this node. Source: Bitcoin Core's node/eviction.cpp. A node with fewer than
// fullSize slots protects as large a part of them.
const (
	byGroup  = 4
	byPing   = 8
	byTx     = 4
	byBlock  = 4
	fullSize = 2 * (byGroup + byPing + byTx + byBlock)
)

// Why a link is kept.
const (
	NamedByOperator = "named by the operator"
	OwnNetgroup     = "the only ones of few netgroups, chosen in secret"
	Near            = "among the nearest by ping"
	BroughtTxs      = "among the last to bring transactions"
	BroughtBlocks   = "among the last to bring blocks"
	LongUp          = "among the half that is longest up"
)

// Protect says which links make way for nobody, and why.
func (d *Door) Protect(links []Inbound) map[peer.ID]string {
	why := make(map[peer.ID]string)
	var rest []Inbound
	for _, l := range links {
		switch {
		case l.Named:
			why[l.Peer] = NamedByOperator
		case l.Greeted: // who has not shaken hands has proven nothing
			rest = append(rest, l)
		}
	}
	// Where two are equal the id decides, that no order of the caller's does.
	slices.SortFunc(rest, func(a, b Inbound) int { return cmp.Compare(a.Peer, b.Peer) })
	keep := func(most int, reason string, fits func(Inbound) bool, order func(a, b Inbound) int) {
		slices.SortStableFunc(rest, order)
		kept := 0
		rest = slices.DeleteFunc(rest, func(l Inbound) bool {
			if kept == most || !fits(l) {
				return false
			}
			kept++
			why[l.Peer] = reason
			return true
		})
	}
	all := func(Inbound) bool { return true }
	keep(d.share(byGroup), OwnNetgroup, all, func(a, b Inbound) int { return cmp.Compare(d.rank(a.Group), d.rank(b.Group)) })
	keep(d.share(byPing), Near, func(l Inbound) bool { return l.Ping > 0 }, func(a, b Inbound) int { return comparePings(a.Ping, b.Ping) })
	keep(d.share(byTx), BroughtTxs, func(l Inbound) bool { return !l.LastTx.IsZero() }, func(a, b Inbound) int { return b.LastTx.Compare(a.LastTx) })
	keep(d.share(byBlock), BroughtBlocks, func(l Inbound) bool { return !l.LastBlock.IsZero() }, func(a, b Inbound) int { return b.LastBlock.Compare(a.LastBlock) })
	keep(len(rest)/2, LongUp, all, func(a, b Inbound) int { return a.Since.Compare(b.Since) })
	return why
}

// share is how many links one rule keeps.
func (d *Door) share(most int) int { return min(most, (d.cfg.Slots*most+fullSize-1)/fullSize) }

// rank orders netgroups in a way that only this node knows.
func (d *Door) rank(group string) uint64 {
	h := fnv.New64a()
	h.Write(d.secret[:])
	h.Write([]byte(group))
	return h.Sum64()
}

// comparePings puts an unknown one last.
func comparePings(a, b time.Duration) int {
	if (a == 0) != (b == 0) {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// Evict names the link that makes way for the next one, if any may. It is of a
// netgroup that weighs most; there one without a handshake goes first, then the
// youngest.
func (d *Door) Evict(now time.Time, links []Inbound) (Inbound, bool) {
	return d.evict(links, d.weights(now, links))
}

func (d *Door) evict(links []Inbound, weights map[string]float64) (Inbound, bool) {
	protected := d.Protect(links)
	var victim Inbound
	found := false
	for _, l := range links {
		if _, kept := protected[l.Peer]; kept {
			continue
		}
		if !found || goesBefore(l, victim, weights) {
			victim, found = l, true
		}
	}
	return victim, found
}

// goesBefore says whether a makes way rather than b. The order is total.
func goesBefore(a, b Inbound, weights map[string]float64) bool {
	switch wa, wb := weights[a.Group], weights[b.Group]; {
	case wa != wb:
		return wa > wb
	case a.Greeted != b.Greeted:
		return !a.Greeted
	case !a.Since.Equal(b.Since):
		return a.Since.After(b.Since)
	}
	return a.Peer > b.Peer
}

// weights are of every netgroup that has a link: its links, and how often it was
// turned away lately. The second part is not Core's: an attacker with one address in
// each of many netgroups has one link of each, as honest peers have, but it knocks
// again and again.
func (d *Door) weights(now time.Time, links []Inbound) map[string]float64 {
	w := make(map[string]float64)
	for _, l := range links {
		if _, known := w[l.Group]; !known {
			w[l.Group] = d.turned(now, l.Group)
		}
		w[l.Group]++
	}
	return w
}

package discovery

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery/addrbook"
	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/events"
)

// Kind says what a link is for that this node has dialled of its own choice, up or coming
// up.
func (f *Finder) Kind(p peer.ID) (events.LinkKind, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := f.dials[p]; d != nil {
		return d.kind, true
	}
	l, up := f.links[p]
	return l.Kind, up && !l.Inbound()
}

// Origin says how the finder came to know a peer that it is dialling.
func (f *Finder) Origin(p peer.ID) events.Origin {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := f.dials[p]; d != nil {
		return d.origin
	}
	return events.Origin{}
}

// origin says how the node came to know an entry of the book: what it had before
// the start counts as the book's own. The lock is held.
func (f *Finder) origin(e addrbook.Entry) events.Origin {
	switch seed := f.seeds[e.Sources[0]]; {
	case e.Old:
		return events.Origin{Source: events.FromBook}
	case e.Sources[0] == addrbook.Operator:
		return events.Origin{Source: events.FromOperator}
	case e.Sources[0] == fixedSource:
		return events.Origin{Source: events.FromFixed}
	case seed != "":
		return events.Origin{Source: events.FromSeed, Seed: seed}
	}
	return events.Origin{Source: events.FromPeers}
}

// target is how many links of a kind the node wants. The lock is held.
func (f *Finder) target(kind events.LinkKind) int {
	switch kind { //nolint:exhaustive // it opens no others of its own choice
	case events.FullRelay:
		return f.cfg.Outbound - f.cfg.BlockRelay
	case events.BlockRelay:
		return f.cfg.BlockRelay
	}
	return 0
}

// have counts the links of a kind that are up. The lock is held.
func (f *Finder) have(kind events.LinkKind) (count int) {
	for _, l := range f.links {
		if l.Kind == kind {
			count++
		}
	}
	return count
}

// wanted says what kind of link is wanting, "" for none. Anchors come first: they are
// what an attacker who has filled the book cannot have placed. The lock is held.
func (f *Finder) wanted(now time.Time) events.LinkKind {
	full, blocks, dials := f.have(events.FullRelay), f.have(events.BlockRelay), 0
	for _, d := range f.dials {
		if d.kind == events.Feeler {
			continue
		}
		dials++
		switch {
		case now.Sub(d.since) >= hedge:
		case d.kind == events.FullRelay:
			full++
		default:
			blocks++
		}
	}
	block := blocks < f.target(events.BlockRelay)
	switch {
	case dials >= f.cfg.Dials:
	case block && len(f.anchors) > 0:
		return events.BlockRelay
	case full < f.target(events.FullRelay):
		return events.FullRelay
	case block:
		return events.BlockRelay
	}
	return ""
}

// fill dials one peer if links are wanting, and says when to look again.
func (f *Finder) fill(ctx context.Context, now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	kind := f.wanted(now)
	if kind == "" {
		if len(f.dials) > 0 {
			return hedge
		}
		return f.cfg.Rest
	}
	f.askAgain(now)
	if a, ok := f.anchor(); ok && kind == events.BlockRelay {
		f.dial(ctx, now, a, kind, events.Origin{Source: events.FromAnchor})
		return f.cfg.Pause
	}
	e, ok := f.book.Pick(now, addrbook.Query{Taken: f.taken(), Skip: f.skips})
	if !ok {
		return f.resting(now)
	}
	f.dial(ctx, now, e.Info(), kind, f.origin(e))
	return f.cfg.Pause
}

// Another draws a peer from the book to take a link's place.
func (f *Finder) Another() (peer.ID, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.book.Pick(time.Now(), addrbook.Query{Taken: f.taken(), Skip: f.skips})
	return e.Peer, ok
}

// Dial opens one more link for transactions, to a peer of the book. It does not wait.
func (f *Finder) Dial(p peer.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.toDial = append(f.toDial, p)
	f.rouse()
}

// anchor takes the next anchor that may be dialled, if there is one. The lock is held.
func (f *Finder) anchor() (peer.AddrInfo, bool) {
	for len(f.anchors) > 0 {
		a := f.anchors[0]
		f.anchors = f.anchors[1:]
		if !f.skips(a.ID) && !slices.Contains(f.taken(), f.book.Group(netgroup.IPOf(a.Addrs[0]))) {
			return a, true
		}
	}
	return peer.AddrInfo{}, false
}

// taken returns the netgroups of the links that this node has dialled. The lock is held.
func (f *Finder) taken() []addrbook.Group {
	if f.cfg.SharedHosts {
		return nil
	}
	var groups []addrbook.Group
	for _, l := range f.links {
		if !l.Inbound() {
			groups = append(groups, f.book.Group(netgroup.IPOf(l.Addr)))
		}
	}
	return groups
}

// asked is when a peer was asked for addresses, and how long until it is again.
type asked struct {
	at   time.Time
	wait time.Duration
}

// askAgain has peers asked that may know more by now. The lock is held.
func (f *Finder) askAgain(now time.Time) {
	for p, a := range f.asked {
		if now.Sub(a.at) >= a.wait {
			f.asked[p] = asked{now, min(2*a.wait, f.cfg.Again)}
			f.toAsk = append(f.toAsk, p)
			f.rouse()
		}
	}
}

// feel tests one entry.
func (f *Finder) feel(ctx context.Context, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cfg.Outbound == 0 {
		return
	}
	e, ok := f.book.Feeler(now, addrbook.Query{Skip: f.skips})
	if !ok {
		return
	}
	if l, up := f.links[e.Peer]; up { // the holder of a contested slot
		if !l.Inbound() {
			f.book.Good(now, e.Peer, nil, l.Services)
		}
		return
	}
	if !f.skips(e.Peer) {
		f.dial(ctx, now, e.Info(), events.Feeler, f.origin(e))
	}
}

// leave is for how long a peer is not dialled that the operator has let go of, and
// maxShunned how many such are remembered: 64 bytes each.
const (
	leave      = time.Hour
	maxShunned = 1024
)

// Shun has a peer left alone for an hour: whoever disconnects one does not mean that it
// is dialled again at once.
func (f *Finder) Shun(p peer.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if len(f.shunned) >= maxShunned {
		maps.DeleteFunc(f.shunned, func(_ peer.ID, until time.Time) bool { return now.After(until) })
	}
	if len(f.shunned) < maxShunned {
		f.shunned[p] = now.Add(leave)
	}
}

// skips says whether a peer is not to be dialled. The lock is held.
func (f *Finder) skips(p peer.ID) bool {
	if now := time.Now(); now.Before(f.shunned[p]) || now.Before(f.pauses[p].until) {
		return true
	}
	_, linked := f.links[p]
	_, dialled := f.dials[p]
	return linked || dialled || p == f.host.ID() || f.peers.Refused(p) ||
		f.host.Network().Connectedness(p) == network.Connected
}

package discovery

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery/addrbook"
	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
)

// Share implements addresses.Source. While the book grows from nothing, each doubling
// is worth a new draw: there are seventeen of them at most.
func (f *Finder) Share() (entries []addrlist.Entry, draw uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	fresh, tried := f.book.Len()
	if n := fresh + tried; f.draw == 0 || now.Sub(f.drawn) >= f.cfg.Cache || now.Before(f.drawn) || n > 0 && n >= 2*f.drawnOf {
		f.share, f.drawn, f.drawnOf = nil, now, n
		f.draw++
		for _, e := range f.book.Share(now) {
			f.share = append(f.share, addrlist.Entry{Seen: e.Seen, Record: e.Record})
		}
	}
	return f.share, f.draw
}

// Asked tells that a peer has asked for addresses, and so wants to be told of new ones.
func (f *Finder) Asked(p peer.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.router.Takes(p)
}

// told enters what a peer told of others when it was asked.
func (f *Finder) told(from Link, found []addresses.Found) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	for _, x := range found {
		f.enter(now, from, x)
	}
	f.rouse()
}

// enter puts into the book what a peer tells of another, or of itself. The lock is held.
func (f *Finder) enter(now time.Time, from Link, x addresses.Found) {
	if x.Peer == f.host.ID() {
		return
	}
	a := addrbook.Advert{Peer: x.Peer, Addrs: x.Addrs, Record: x.Record, Seq: x.Seq, Seen: x.Seen, Direct: x.Peer == from.Peer}
	_, _ = f.book.Add(now, a, f.book.Group(netgroup.IPOf(from.Addr))) // an address that does not fit is nobody's fault
}

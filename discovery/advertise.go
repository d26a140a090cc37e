package discovery

import (
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/adverts"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
)

// Heard takes the addresses that a peer has announced in one message. What exceeds
// its budget is left out before it costs a signature check; of the rest, what
// is signed by whom it names and may be dialled enters the book, and travels on if it
// is news. Most is none: a record that the book has is not verified again.
func (f *Finder) Heard(from peer.ID, entries []addrlist.Entry) {
	f.mu.Lock()
	link, up := f.links[from]
	n := f.router.Admit(time.Now(), from, len(entries))
	f.mu.Unlock()
	if !up {
		return
	}
	heard := events.AddressesHeard{From: from, Limited: len(entries) - n}
	for _, e := range entries[:n] {
		if found, ok := addresses.Open(e, f.allow, f.verified); ok {
			f.heard(link, found, len(entries))
			heard.Taken++
		} else {
			heard.Useless++
		}
	}
	f.emit(heard)
	f.rouse()
}

// verified says whether the book has a record of a peer to the byte, as [addresses.Known].
func (f *Finder) verified(p peer.ID, record []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.book.Signed(p, record)
}

// heard takes one of so many addresses.
func (f *Finder) heard(from Link, x addresses.Found, of int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	f.enter(now, from, x)
	if x.Peer != f.host.ID() {
		fresh, tried := f.book.Len()
		f.router.Heard(now, from.Peer, adverts.Advert{Peer: x.Peer, Seq: x.Seq, Seen: x.Seen, Record: x.Record}, of, fresh+tried)
	}
}

// moved takes the record that libp2p has signed for this node's present addresses. Only
// one with an address that others may dial is told.
func (f *Finder) moved(e event.EvtLocalAddressesUpdated) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.own = nil
	var seq uint64
	if e.SignedPeerRecord != nil {
		if raw, err := e.SignedPeerRecord.Marshal(); err == nil {
			if r, err := addrlist.Verify(raw); err == nil && len(multiaddr.FilterAddrs(r.Addrs, f.allow)) > 0 {
				f.own, seq = raw, r.Seq
			}
		}
	}
	f.router.Own(time.Now(), seq)
}

// advertise tells peers what is due.
func (f *Finder) advertise(now time.Time) {
	f.mu.Lock()
	due, own := f.router.Tick(now), f.own
	f.mu.Unlock()
	for _, s := range due {
		var entries []addrlist.Entry
		if s.Own {
			entries = append(entries, addrlist.Entry{Seen: now, Record: own})
		}
		for _, a := range s.Adverts {
			entries = append(entries, addrlist.Entry{Seen: a.Seen, Record: a.Record})
		}
		f.announce.Addresses(s.To, entries)
	}
}

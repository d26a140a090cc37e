package discovery

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/addrbook"
	"github.com/pappus-network/pappus/discovery/adverts"
	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/protocols/addrlist"
)

// Why an operator's entry is not taken.
var (
	ErrSelf      = errors.New("it is this node itself")
	ErrNotPublic = errors.New("no address that may be dialled on this network: private, local, relayed, or without a port")
	ErrOther     = errors.New("the record names another peer")
	ErrNoPlace   = errors.New("the book has no place for it: its slots are taken by peers that are worth more")
	ErrSigned    = errors.New("the book has addresses that the peer itself has signed")
)

// Known is an entry of the book.
type Known struct {
	addrbook.Entry
	Usable bool // worth a dial
}

// Entries returns up to most entries after a peer, "" for the first, in the order of
// ids.
func (f *Finder) Entries(after peer.ID, most int) []Known {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	var ids []peer.ID
	for e := range f.book.All() {
		if e.Peer > after {
			ids = append(ids, e.Peer)
		}
	}
	slices.Sort(ids)
	ids = ids[:min(most, len(ids))]
	all := make([]Known, 0, len(ids))
	for _, id := range ids {
		if e, ok := f.book.Lookup(id); ok {
			all = append(all, Known{Entry: e, Usable: !f.book.Terrible(now, id)})
		}
	}
	return all
}

// Learn enters what the operator says of a peer, and says whether it is new. Of a
// signed record its addresses count and no others; seen may be zero.
func (f *Finder) Learn(p peer.ID, addrs []multiaddr.Multiaddr, record []byte, services uint64, seen time.Time) (bool, error) {
	a := addrbook.Advert{Peer: p, Addrs: addrs, Services: services, Seen: seen}
	if p == f.host.ID() {
		return false, ErrSelf
	}
	if len(record) > 0 {
		if len(record) > addrlist.MaxRecord {
			return false, fmt.Errorf("a record of %d bytes, the limit is %d", len(record), addrlist.MaxRecord)
		}
		r, err := addrlist.Verify(record)
		if err != nil {
			return false, fmt.Errorf("record: %w", err)
		}
		if r.PeerID != p {
			return false, fmt.Errorf("%w: %s", ErrOther, r.PeerID)
		}
		a.Addrs, a.Record, a.Seq = r.Addrs, record, r.Seq
	}
	if a.Addrs = multiaddr.FilterAddrs(a.Addrs, f.allow); len(a.Addrs) == 0 {
		return false, ErrNotPublic
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if a.Seen.IsZero() {
		a.Seen = now
	}
	before, known := f.book.Lookup(p)
	added, err := f.book.Add(now, a, addrbook.Operator)
	switch {
	case err != nil:
		return false, err
	case added:
		f.rouse()
		return !known, nil
	case !known:
		return false, ErrNoPlace
	case a.Record == nil && before.Record != nil && !slices.ContainsFunc(a.Addrs, func(m multiaddr.Multiaddr) bool { return multiaddr.Contains(before.Addrs, m) }):
		return false, ErrSigned
	}
	return false, nil
}

// Adverts returns what became of the addresses that a peer has told unasked.
func (f *Finder) Adverts(p peer.ID) adverts.Count {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.router.Count(p)
}

// Kinds counts the book's entries by table and family: of IPv4 first.
func (f *Finder) Kinds() (fresh, tried [2]int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for e := range f.book.All() {
		family := 0
		if ip := netgroup.IPOf(e.Addrs[0]); ip.Is6() {
			family = 1
		}
		if e.Tried {
			tried[family]++
		} else {
			fresh[family]++
		}
	}
	return fresh, tried
}

package addrbook

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// ErrBadPeer is returned for a peer id that cannot be one.
var ErrBadPeer = errors.New("bad peer id")

// What is done to the times that others tell. Source: Bitcoin Core's addrman.cpp
// and net_processing.cpp.
const (
	// hearsay is what a time loses when it is not the peer's own word.
	hearsay = 2 * time.Hour
	// unlikely is how old an entry counts whose time cannot be true.
	unlikely = 5 * 24 * time.Hour
	// online is how fresh a time must be to mean that the peer is up; its
	// entry's time moves in steps of onlineStep, any other's of idleStep, so that what
	// the book tells others follows no link by the minute.
	online     = 24 * time.Hour
	onlineStep = time.Hour
	idleStep   = 24 * time.Hour
)

// epoch is before any time that a peer can mean: 1973-03-03.
const epoch = 100_000_000

// Advert is what somebody says of a peer.
type Advert struct {
	Peer     peer.ID
	Addrs    []multiaddr.Multiaddr // those of one host are kept: see [Book.Add]
	Record   []byte                // a signed envelope that the caller has verified; nil = none
	Seq      uint64                // of the record
	Services uint64                // 0 = not known
	Seen     time.Time             // when somebody last had a link to it
	Direct   bool                  // it is the peer's own word, over a link to it
}

// Book knows peers. It is not safe for concurrent use.
type Book struct {
	cfg    Config
	secret [32]byte
	rng    *rand.Rand
	as     ASTable

	byPeer   map[peer.ID]*entry
	all      []*entry // in an order that only draws change
	fresh    table
	tried    table
	contests []contest
	answered moment // when any dial last had an answer

	dirty   []*entry  // to be stored
	dropped []peer.ID // to be deleted from the store
}

// New returns an empty book. The secret must be the same for the life of a stored
// book, and nobody else's; src draws. A nil table groups addresses by prefix.
func New(cfg Config, secret [32]byte, src rand.Source, as ASTable) *Book {
	return &Book{
		cfg: cfg, secret: secret, rng: rand.New(src), as: as,
		byPeer: make(map[peer.ID]*entry),
		fresh:  newTable(cfg.NewBuckets * cfg.Slots),
		tried:  newTable(cfg.TriedBuckets * cfg.Slots),
	}
}

// Len returns how many entries each table has.
func (b *Book) Len() (fresh, tried int) { return b.fresh.count, b.tried.count }

// Groups returns how many netgroups each table has entries of.
func (b *Book) Groups() (fresh, tried int) { return len(b.fresh.clusters), len(b.tried.clusters) }

// Lookup returns what is known of a peer.
func (b *Book) Lookup(p peer.ID) (Entry, bool) {
	if e := b.byPeer[p]; e != nil {
		return e.view(), true
	}
	return Entry{}, false
}

// Signed says whether the record that the book has of a peer is this one, to the byte.
func (b *Book) Signed(p peer.ID, record []byte) bool {
	e := b.byPeer[p]
	return e != nil && e.record != "" && e.record == string(record)
}

// Terrible says whether a peer is not known or not worth a dial: not seen for long, or
// dialled in vain too often.
func (b *Book) Terrible(now time.Time, p peer.ID) bool {
	e := b.byPeer[p]
	return e == nil || e.terrible(momentOf(now), b.cfg.Horizon)
}

// All returns every entry. The book must not be used while it runs.
func (b *Book) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, e := range b.all {
			if !yield(e.view()) {
				return
			}
		}
	}
}

// Forget removes a peer.
func (b *Book) Forget(p peer.ID) {
	if e := b.byPeer[p]; e != nil {
		b.remove(e)
	}
}

// Add takes an advert from a source and says whether it made an entry; often there
// is no place for one. Of its addresses those of one host are kept, of a known
// peer's current one if it is among them. A newer signed record moves an entry
// whose host it no longer names, back to new: what was tried is not there any
// more. What is not signed changes no addresses. Nobody but the peer can sign, so
// that a caller must never pass a record that is not verified.
func (b *Book) Add(now time.Time, a Advert, source Group) (bool, error) {
	if n := len(a.Peer); n == 0 || n > MaxPeerID {
		return false, fmt.Errorf("%w: %d bytes", ErrBadPeer, n)
	}
	if len(a.Record) > MaxRecord || len(a.Record) == 0 {
		a.Record, a.Seq = nil, 0
	}
	at, seen := momentOf(now), b.plausible(now, a.Seen)
	e := b.byPeer[a.Peer]
	if e == nil {
		list, h, err := b.choose(a.Addrs, host{})
		if err != nil {
			return false, err
		}
		return b.enter(at, b.newEntry(a, list, h, seen), source), nil
	}
	if a.Record != nil && (a.Seq > e.seq || e.record == "") {
		list, h, err := b.choose(a.Addrs, e.host())
		if err != nil {
			return false, err
		}
		if !b.same(h, e.host()) {
			b.remove(e)
			return b.enter(at, b.newEntry(a, list, h, seen), source), nil
		}
		b.sign(e, a, list)
	}
	b.refresh(at, e, a, seen)
	b.spread(at, e, seen, source)
	return false, nil
}

// plausible returns when an advert's peer was seen, as far as that can be true.
func (b *Book) plausible(now, seen time.Time) moment {
	if s := seen.Unix(); s < epoch || s > now.Add(future).Unix() { // seconds: a time from far away may overflow
		seen = now.Add(-unlikely)
	}
	return momentOf(seen)
}

// newEntry returns an entry that is in no table.
func (b *Book) newEntry(a Advert, list addrs, h host, seen moment) *entry {
	if !a.Direct {
		seen -= moment(hearsay / time.Second) // plausible: it is after 1973
	}
	record := string(a.Record)
	return &entry{
		id: peer.ID(within(record, string(a.Peer))), addrs: list, record: record, seq: a.Seq,
		services: a.Services, group: b.groupOf(h), seen: seen,
	}
}

// enter puts an entry into the book if there is a place for it.
func (b *Book) enter(now moment, e *entry, source Group) bool {
	if !b.place(now, e, source) {
		return false
	}
	b.list(e)
	return true
}

// list adds an entry to the index of peers.
func (b *Book) list(e *entry) {
	b.byPeer[e.id] = e
	e.inAll = int32(len(b.all)) // the tables have two million slots at most
	b.all = append(b.all, e)
}

// sign replaces an entry's record by a newer one of the same host.
func (b *Book) sign(e *entry, a Advert, list addrs) {
	delete(b.byPeer, e.id) // the key may be a part of the old record
	e.record, e.seq, e.addrs = string(a.Record), a.Seq, list
	e.id = peer.ID(within(e.record, string(a.Peer)))
	b.byPeer[e.id] = e
	b.touch(e)
}

// refresh takes from an advert what changes of a known peer.
func (b *Book) refresh(now moment, e *entry, a Advert, seen moment) {
	step := idleStep
	if seen.age(now) < online {
		step = onlineStep
	}
	penalty := hearsay
	if a.Direct {
		penalty = 0
	}
	if seen.age(now)+step+penalty < e.seen.age(now) {
		e.seen = seen - moment(penalty/time.Second)
		b.touch(e)
	}
	if e.services == 0 && a.Services != 0 {
		e.services = a.Services
		b.touch(e)
	}
}

// spread gives an entry of new one more slot for one more source, each time half
// as likely: an address that many tell of is hard to push out, and no source can
// make one so by repetition.
func (b *Book) spread(now moment, e *entry, seen moment, source Group) {
	n := len(e.sources)
	if e.tried || n >= b.cfg.Sources || seen <= e.seen || slices.Contains(e.sources, source) {
		return
	}
	if b.rng.IntN(1<<n) == 0 {
		b.place(now, e, source)
	}
}

// remove takes an entry out of its table and the book.
func (b *Book) remove(e *entry) {
	if e.tried {
		b.tried.slots[b.triedSlot(e)] = nil
		b.tried.leave(e)
	} else {
		b.vacate(e)
	}
	b.forget(e)
}

// forget drops an entry that is in no table any more.
func (b *Book) forget(e *entry) {
	delete(b.byPeer, e.id)
	last := len(b.all) - 1
	b.all[e.inAll] = b.all[last]
	b.all[e.inAll].inAll = e.inAll
	b.all[last] = nil
	b.all = b.all[:last]
	e.gone = true
	if e.stored {
		b.dropped = append(b.dropped, e.id)
	}
}

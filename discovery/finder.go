package discovery

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ipfs/go-datastore"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/addrbook"
	"github.com/pappus-network/pappus/discovery/adverts"
	"github.com/pappus-network/pappus/discovery/netgroup"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/addresses"
	"github.com/pappus-network/pappus/protocols/addrlist"
)

// maxRecords is from how many records of connected peers on those are dropped whose
// peers went without a handshake: 400 bytes each.
const maxRecords = 1024

// Asker puts getaddr to a peer; an addresses.Client is one.
type Asker interface {
	Ask(ctx context.Context, p peer.ID, known addresses.Known) (found []addresses.Found, useless int, err error)
}

// Announcer tells one peer where others are, in one message; an announce.Announcer is
// one. It never blocks.
type Announcer interface {
	Addresses(p peer.ID, entries []addrlist.Entry)
}

// Peers is who the finder's user has to do with.
type Peers interface {
	// Refused says whether a peer must not be dialled.
	Refused(p peer.ID) bool
	// Drop ends the link to a peer that was dialled for the book's sake.
	Drop(p peer.ID)
}

// Link is a peer that has completed the handshake.
type Link struct {
	Peer     peer.ID
	Addr     multiaddr.Multiaddr // of the other end
	Kind     events.LinkKind
	Services uint64

	since time.Time // when it came up
	spare bool      // this node ends it
}

// Inbound says whether the peer has dialled this node.
func (l Link) Inbound() bool { return l.Kind == events.Inbound }

// Parts are the collaborators of a [Finder]. It closes none of them.
type Parts struct {
	Host     host.Host
	Ask      Asker
	Announce Announcer
	Peers    Peers
	Store    datastore.Batching
	AS       addrbook.ASTable               // groups addresses; nil = by prefix
	Src      rand.Source                    // feeds choices that must be secret
	Allow    func(multiaddr.Multiaddr) bool // which addresses may be dialled because others say so
	Emit     func(events.Event)
	Log      *slog.Logger
}

// Finder finds peers. Its methods are safe for concurrent use; those that tell of
// peers do not wait.
type Finder struct {
	cfg      Config
	host     host.Host
	ask      Asker
	announce Announcer
	peers    Peers
	ds       datastore.Batching
	allow    func(multiaddr.Multiaddr) bool
	emit     func(events.Event)
	log      *slog.Logger
	work     sync.WaitGroup
	wake     chan struct{}

	mu      sync.Mutex
	book    *addrbook.Book
	links   map[peer.ID]Link
	records map[peer.ID]addrbook.Advert // signed by connected peers
	dials   map[peer.ID]*dial
	anchors []peer.AddrInfo // to be dialled before anybody else
	toDial  []peer.ID
	toAsk   []peer.ID
	toDrop  []peer.ID
	asked   map[peer.ID]asked
	shunned map[peer.ID]time.Time     // until when
	pauses  map[peer.ID]pause         // of peers that have turned this node away
	seeds   map[addrbook.Group]string // names of DNS seeds that have named somebody

	router *adverts.Router // who is told of whom
	own    []byte          // this node's signed record; nil = nobody can dial it

	share   []addrlist.Entry // the answer to getaddr,
	drawn   time.Time        // when it was drawn,
	drawnOf int              // of how many entries,
	draw    uint64           // and for the how manieth time
}

// Open reads the book that is stored.
func Open(ctx context.Context, cfg Config, parts Parts) (*Finder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	tables := addrbook.DefaultConfig()
	tables.SharedHosts = cfg.SharedHosts
	book, loss, err := loadBook(ctx, tables, parts.Store, parts.Src, parts.AS)
	if err != nil {
		return nil, err
	}
	anchors, err := takeAnchors(ctx, parts.Store)
	if err != nil {
		return nil, err
	}
	if loss != (addrbook.Loss{}) {
		parts.Log.WarnContext(ctx, "addresses were left out", "damaged", loss.Damaged, "crowded", loss.Crowded)
	}
	return &Finder{
		cfg: cfg, host: parts.Host, ask: parts.Ask, announce: parts.Announce, peers: parts.Peers, ds: parts.Store,
		allow: parts.Allow, emit: parts.Emit, log: parts.Log, wake: make(chan struct{}, 1),
		book: book, links: make(map[peer.ID]Link), records: make(map[peer.ID]addrbook.Advert), dials: make(map[peer.ID]*dial), anchors: anchors,
		asked: make(map[peer.ID]asked), shunned: make(map[peer.ID]time.Time), pauses: make(map[peer.ID]pause), seeds: make(map[addrbook.Group]string),
		router: adverts.New(adverts.DefaultConfig(), parts.Src, time.Now()),
	}, nil
}

// Len returns how many entries the book's tables have.
func (f *Finder) Len() (fresh, tried int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.book.Len()
}

// Sample returns about so many entries of the book, the tables in their order, and how many netgroups its
// tables have.
func (f *Finder) Sample(most int) (entries []addrbook.Entry, groups int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fresh, tried := f.book.Groups()
	for e := range f.book.All() {
		if len(entries) >= most {
			break
		}
		entries = append(entries, e)
	}
	return entries, fresh + tried
}

// Join tells of a peer that has completed the handshake.
func (f *Finder) Join(l Link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	late := f.settle(now, l.Peer)
	l.since, l.spare = now, late || l.Kind == events.Feeler
	f.links[l.Peer] = l
	f.learn(now, l.Peer)
	if l.Inbound() {
		f.router.Join(now, l.Peer, false)
		return
	}
	if _, known := f.book.Lookup(l.Peer); !known && f.allow(l.Addr) { // one that the operator named
		_, _ = f.book.Add(now, addrbook.Advert{Peer: l.Peer, Addrs: []multiaddr.Multiaddr{l.Addr}, Seen: now, Direct: true}, addrbook.Operator)
	}
	if f.allow(l.Addr) {
		f.book.Good(now, l.Peer, l.Addr, l.Services)
	}
	switch {
	case l.spare:
		f.toDrop = append(f.toDrop, l.Peer)
	case l.Kind == events.BlockRelay: // it is neither told nor asked: who sees both sides would learn of the link
	default:
		f.router.Join(now, l.Peer, true)
		f.toAsk = append(f.toAsk, l.Peer)
		f.asked[l.Peer] = asked{now, f.cfg.Soon}
	}
	f.rouse()
}

// Leave tells that a peer's last connection has ended.
func (f *Finder) Leave(p peer.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, up := f.links[p]
	delete(f.links, p)
	if up && !l.Inbound() {
		now := time.Now()
		f.book.Connected(now, p)
		f.ended(now, l)
	}
	delete(f.records, p)
	f.router.Leave(p)
	delete(f.asked, p)
	f.rouse()
}

// learn enters a connected peer's own record into the book, once it has both
// completed the handshake and sent one.
func (f *Finder) learn(now time.Time, p peer.ID) {
	l, up := f.links[p]
	a, signed := f.records[p]
	if up && signed {
		a.Seen, a.Services = now, l.Services
		_, _ = f.book.Add(now, a, f.book.Group(netgroup.IPOf(l.Addr))) // an address that does not fit is nobody's fault
	}
}

// identified takes the record that a peer sends when it connects; libp2p has
// verified it.
func (f *Finder) identified(e event.EvtPeerIdentificationCompleted) {
	if e.SignedPeerRecord == nil {
		return
	}
	raw, err := e.SignedPeerRecord.Marshal()
	if err != nil {
		return
	}
	r, err := addrlist.Verify(raw)
	if err != nil || r.PeerID != e.Peer {
		return
	}
	addrs := multiaddr.FilterAddrs(r.Addrs, f.allow)
	if len(addrs) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Conn.IsClosed() {
		return
	}
	if len(f.records) >= maxRecords {
		maps.DeleteFunc(f.records, func(p peer.ID, _ addrbook.Advert) bool {
			return f.host.Network().Connectedness(p) != network.Connected
		})
	}
	f.records[e.Peer] = addrbook.Advert{Peer: e.Peer, Addrs: addrs, Record: raw, Seq: r.Seq, Direct: true}
	f.learn(time.Now(), e.Peer)
}

// rouse wakes the loop. It does not wait.
func (f *Finder) rouse() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// save writes what has changed.
func (f *Finder) save(ctx context.Context) error {
	for {
		f.mu.Lock()
		records := f.book.Changes(saveBatch)
		f.mu.Unlock()
		if len(records) == 0 {
			return nil
		}
		if err := write(ctx, f.ds, records); err != nil {
			return err
		}
	}
}

package eclipse

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/addrbook"
)

// book is an address book under attack. Addresses are numbers of the world.
type book interface {
	Add(now time.Time, addr int32, seen time.Time, source uint16)
	Good(now time.Time, addr int32)
	Attempt(now time.Time, addr int32, counts bool)
	Pick(now time.Time, taken []uint16) (addr int32, ok bool)
	Feeler(now time.Time) (addr int32, ok bool)
}

// sizer says how many entries a book has.
type sizer interface{ Len() (fresh, tried int) }

// ours is discovery/addrbook.
type ours struct {
	*addrbook.Book
	adverts []addrbook.Advert
	groups  map[uint16]addrbook.Group
}

func newOurs(w *world, seed uint64) book {
	var secret [32]byte
	binary.LittleEndian.PutUint64(secret[:], seed)
	o := &ours{
		Book:   addrbook.New(addrbook.DefaultConfig(), secret, rand.NewPCG(seed, 2), nil),
		groups: make(map[uint16]addrbook.Group),
	}
	for i, a := range w.addrs {
		id := append([]byte{0, 36, 8, 1, 18, 32}, make([]byte, 32)...)
		binary.BigEndian.PutUint32(id[6:], uint32(i))
		o.adverts = append(o.adverts, addrbook.Advert{
			Peer: peer.ID(id), Addrs: []multiaddr.Multiaddr{multiaddr.StringCast("/ip4/" + a.ip.String() + "/tcp/8477")},
		})
	}
	return o
}

func (o *ours) group(g uint16) addrbook.Group {
	known, ok := o.groups[g]
	if !ok {
		known = o.Group(addrOf(g))
		o.groups[g] = known
	}
	return known
}

func (o *ours) Add(now time.Time, addr int32, seen time.Time, source uint16) {
	a := o.adverts[addr]
	a.Seen = seen
	_, _ = o.Book.Add(now, a, o.group(source)) // every address of the world has an IP and a port
}

func (o *ours) Good(now time.Time, addr int32) { o.Book.Good(now, o.adverts[addr].Peer, nil, 1) }

func (o *ours) Attempt(now time.Time, addr int32, counts bool) {
	o.Book.Attempt(now, o.adverts[addr].Peer, counts)
}

func (o *ours) Pick(now time.Time, taken []uint16) (int32, bool) {
	q := addrbook.Query{Taken: make([]addrbook.Group, 0, len(taken))}
	for _, g := range taken {
		q.Taken = append(q.Taken, o.group(g))
	}
	return number(o.Book.Pick(now, q))
}

func (o *ours) Feeler(now time.Time) (int32, bool) {
	return number(o.Book.Feeler(now, addrbook.Query{}))
}

func number(e addrbook.Entry, ok bool) (int32, bool) {
	if !ok {
		return 0, false
	}
	return int32(binary.BigEndian.Uint32([]byte(e.Peer[6:]))), true
}

// flat is a list of all that was ever told, from which each is picked alike: what
// a peerstore that a DHT fills, and a connection manager, come to. Links are of
// any netgroups, and nobody remembers anchors.
type flat struct {
	all   []int32
	known map[int32]bool
	rng   *rand.Rand
}

func newFlat(_ *world, seed uint64) book {
	return &flat{known: make(map[int32]bool), rng: rand.New(rand.NewPCG(seed, 4))}
}

func (f *flat) Add(_ time.Time, addr int32, _ time.Time, _ uint16) {
	if !f.known[addr] {
		f.known[addr] = true
		f.all = append(f.all, addr)
	}
}
func (f *flat) Good(time.Time, int32)                  {}
func (f *flat) Attempt(time.Time, int32, bool)         {}
func (f *flat) Feeler(time.Time) (int32, bool)         { return 0, false }
func (f *flat) Len() (fresh, tried int)                { return len(f.all), 0 }
func (f *flat) Pick(time.Time, []uint16) (int32, bool) { return f.all[f.rng.IntN(len(f.all))], true }

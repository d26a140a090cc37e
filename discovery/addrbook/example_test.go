package addrbook_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/addrbook"
)

// A node learns of a peer, dials it, stores the book, and starts again with it.
func ExampleBook() {
	// In a program: 32 bytes of crypto/rand, stored beside the book, and a ChaCha8
	// seeded by crypto/rand.
	var secret [32]byte
	src := rand.NewPCG(1, 2)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	book := addrbook.New(addrbook.DefaultConfig(), secret, src, nil)

	// A peer at 203.0.113.5 tells of another one. A caller verifies the signed
	// record first (record.ConsumeEnvelope); without one the entry is not shared.
	target, err := peer.Decode("12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN")
	if err != nil {
		panic(err)
	}
	advert := addrbook.Advert{
		Peer:  target,
		Addrs: []multiaddr.Multiaddr{multiaddr.StringCast("/ip4/198.51.100.7/tcp/8477")},
		Seen:  now.Add(-time.Hour),
	}
	teller := book.Group(netip.MustParseAddr("203.0.113.5"))
	if _, err := book.Add(now, advert, teller); err != nil {
		panic(err)
	}

	// A link is wanted, in a netgroup that has none yet.
	taken := []addrbook.Group{teller}
	entry, ok := book.Pick(now, addrbook.Query{Taken: taken})
	if !ok {
		return // ask DNS seeds
	}
	fmt.Println("dial", entry.Info())
	book.Attempt(now, entry.Peer, len(taken) > 0)
	// … the dial and the handshake have succeeded:
	book.Good(now.Add(time.Second), entry.Peer, entry.Addrs[0], 1)

	// Every minute or so, write what has changed to any key-value store.
	store := map[peer.ID][]byte{}
	for batch := book.Changes(1000); len(batch) > 0; batch = book.Changes(1000) {
		for _, r := range batch {
			if r.Value == nil {
				delete(store, r.Peer)
			} else {
				store[r.Peer] = r.Value
			}
		}
	}
	each := func(yield func(peer.ID, []byte) bool) {
		for p, raw := range store { // a real store iterates in the order of its keys
			if !yield(p, raw) {
				return
			}
		}
	}
	book, loss := addrbook.Restore(addrbook.DefaultConfig(), secret, src, nil, each)
	fresh, tried := book.Len()
	fmt.Println(fresh, "new,", tried, "tried,", loss.Damaged, "damaged")
	// Output:
	// dial {12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN: [/ip4/198.51.100.7/tcp/8477]}
	// 0 new, 1 tried, 0 damaged
}

package discovery

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/addrbook"
	"github.com/pappus-network/pappus/internal/testhost"
	"github.com/pappus-network/pappus/store"
)

func pipes(t *testing.T, hosts int) *testhost.Pipes {
	t.Helper()
	return testhost.NewPipes(t, hosts, func(int, int) time.Duration { return 50 * time.Millisecond })
}

// listeners are hosts that only listen and answer.
func listeners(t *testing.T, hosts []host.Host) (all []*member) {
	t.Helper()
	for i, h := range hosts {
		all = append(all, start(t, h, store.OpenMemory().View("addrbook"), uint64(i)+100, 0)) // a small count
	}
	return all
}

// await waits until a member has opened so many links, and returns how long it took.
func (m *member) await(t *testing.T, links int, limit time.Duration) {
	t.Helper()
	begun := time.Now()
	for m.outbound() < links {
		if time.Since(begun) >= limit {
			t.Fatalf("%d links of %d after %v", m.outbound(), links, limit)
		}
		time.Sleep(time.Second)
	}
	t.Logf("%d links after %v", links, time.Since(begun))
}

// seed has a member ask a DNS name until the test ends.
func (m *member) seed(t *testing.T, dns *names) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Seed(ctx, dns, []string{"seed.example"}, rand.NewPCG(1, 1)) }() // ends with cancel
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("asking ended with %v", err)
		}
	})
}

func (n *names) set(hosts ...host.Host) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.zone = map[string][]string{"_dnsaddr.seed.example": naming(hosts...)}
}

// move has a host listen at another address instead of its own.
func move(t *testing.T, h host.Host, to string) {
	t.Helper()
	old := h.Network().ListenAddresses()
	if err := h.Network().Listen(multiaddr.StringCast(to)); err != nil {
		t.Fatal(err)
	}
	h.Network().(interface{ ListenClose(...multiaddr.Multiaddr) }).ListenClose(old...)
	time.Sleep(10 * time.Second) // until the host notices
}

// fill writes a book that somebody has filled.
func fill(t *testing.T, ds datastore.Batching, with func(*addrbook.Book)) {
	t.Helper()
	book, _, err := loadBook(t.Context(), addrbook.DefaultConfig(), ds, rand.NewPCG(5, 5), nil)
	if err != nil {
		t.Fatal(err)
	}
	with(book)
	if err := write(t.Context(), ds, book.Changes(1<<20)); err != nil {
		t.Fatal(err)
	}
}

// All of DNS names one attacker's machines, twelve in one netgroup: the node gives them one of
// its links. When DNS is itself again, it has the others within the ten minutes between two
// questions.
func TestHijackedDNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := pipes(t, 17).Hosts
		honest, villains := hosts[1:5], hosts[5:]
		for i, h := range villains {
			move(t, h, fmt.Sprintf("/ip4/66.6.%d.1/tcp/8477", i))
		}
		listeners(t, hosts[1:])
		var dns names
		dns.set(villains...)
		m := start(t, hosts[0], store.OpenMemory().View("addrbook"), 1, 5)
		m.seed(t, &dns)
		time.Sleep(time.Hour)
		if n := m.outbound(); n != 1 {
			t.Errorf("%d links to one netgroup", n)
		}
		dns.set(honest...)
		m.await(t, 5, 11*time.Minute)
	})
}

// The same to a node that has a book: its links are its own, DNS is not even asked.
func TestHijackedDNSAndABook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := pipes(t, 17).Hosts
		honest, villains := hosts[1:9], hosts[9:]
		for i, h := range villains {
			move(t, h, fmt.Sprintf("/ip4/66.6.%d.1/tcp/8477", i))
		}
		listeners(t, hosts[1:])
		ds := store.OpenMemory().View("addrbook")
		fill(t, ds, func(b *addrbook.Book) {
			for _, h := range honest {
				learn(b, time.Now(), h)
			}
		})
		var dns names
		dns.set(villains...)
		m := start(t, hosts[0], ds, 1, 8)
		m.seed(t, &dns)
		m.await(t, 8, time.Minute)
		if n := dns.count(); n != 0 {
			t.Errorf("DNS was asked %d times", n)
		}
	})
}

// learn enters a host that was dialled once.
func learn(b *addrbook.Book, now time.Time, h host.Host) {
	_, _ = b.Add(now, addrbook.Advert{Peer: h.ID(), Addrs: h.Addrs(), Seen: now}, addrbook.Seed(h.ID().String()))
	b.Good(now, h.ID(), nil, 1)
}

// The book is full of an attacker's addresses, at which nobody answers: 32 netgroups of them
// against eight honest ones that were tried.
func TestBookFullOfDeadAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := pipes(t, 10)
		honest, dead := net.Hosts[1:9], net.Hosts[9]
		listeners(t, honest)
		ds := store.OpenMemory().View("addrbook")
		fill(t, ds, func(b *addrbook.Book) {
			for _, h := range honest {
				learn(b, time.Now(), h)
			}
			for group := range 32 {
				for i := range 8 {
					at := multiaddr.StringCast(fmt.Sprintf("/ip4/66.%d.%d.1/tcp/8477", group, i))
					if err := dead.Network().Listen(at); err != nil {
						t.Fatal(err)
					}
					id := peer.ID(binary.BigEndian.AppendUint64([]byte{0, 8}, rand.New(rand.NewPCG(uint64(group), uint64(i))).Uint64())) // an identity hash
					_, _ = b.Add(time.Now(), addrbook.Advert{Peer: id, Addrs: []multiaddr.Multiaddr{at}, Seen: time.Now()}, addrbook.Seed(fmt.Sprint(group)))
				}
			}
		})
		net.Drop(9) // who dials it waits until he has enough
		m := start(t, net.Hosts[0], ds, 1, 8)
		if fresh, tried := m.Len(); fresh < 200 || tried != 8 {
			t.Fatalf("%d + %d entries", fresh, tried)
		}
		m.await(t, 8, 5*time.Minute)
	})
}

// The clock is a day behind or ahead of what it was when the book was written: a link's worth
// of entries is from the future, or all are old.
func TestBookOfAWrongClock(t *testing.T) {
	for name, wrong := range map[string]time.Duration{"ahead": 24 * time.Hour, "behind": -24 * time.Hour, "far ahead": 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts := pipes(t, 7).Hosts
				listeners(t, hosts[1:])
				ds := store.OpenMemory().View("addrbook")
				fill(t, ds, func(b *addrbook.Book) {
					for _, h := range hosts[1:] {
						learn(b, time.Now().Add(wrong), h)
						b.Attempt(time.Now().Add(wrong), h.ID(), true)
					}
				})
				start(t, hosts[0], ds, 1, 6).await(t, 6, time.Minute)
			})
		})
	}
}

// Of a book some records are damaged, or all; a node with a part of one has its links from
// that, one with nothing from DNS.
func TestDamagedBook(t *testing.T) {
	for name, every := range map[string]int{"a third": 3, "all": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts := pipes(t, 10).Hosts
				listeners(t, hosts[1:])
				ds := store.OpenMemory().View("addrbook")
				fill(t, ds, func(b *addrbook.Book) {
					for _, h := range hosts[1:] {
						learn(b, time.Now(), h)
					}
				})
				damage(t, ds, every)
				var dns names
				dns.set(hosts[1:]...)
				m := start(t, hosts[0], ds, 1, 6)
				m.seed(t, &dns)
				m.await(t, 6, time.Minute)
				if asked := dns.count() > 0; asked != (every == 1) {
					t.Errorf("DNS was asked: %v", asked)
				}
			})
		})
	}
}

// damage cuts one of so many records off.
func damage(t *testing.T, ds datastore.Batching, every int) {
	t.Helper()
	results, err := ds.Query(t.Context(), query.Query{Prefix: entryKey.String(), Orders: []query.Order{query.OrderByKey{}}})
	if err != nil {
		t.Fatal(err)
	}
	all, err := results.Rest()
	if err != nil || len(all) == 0 {
		t.Fatalf("%d records, %v", len(all), err)
	}
	for i, r := range all {
		if i%every == 0 {
			if err := ds.Put(t.Context(), datastore.RawKey(r.Key), r.Value[:len(r.Value)/2]); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A peer gets another address, as behind most routers it does each night: its links break, a
// minute later it has others, and most of the network knows where it is now.
func TestPeerMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := pipes(t, 16).Hosts
		var dns names
		dns.set(hosts[0])
		var members []*member
		for i, h := range hosts {
			m := start(t, h, store.OpenMemory().View("addrbook"), uint64(i), 4) // a small count
			m.seed(t, &dns)
			members = append(members, m)
		}
		time.Sleep(5 * time.Minute)
		const now = "/ip4/77.7.0.1/tcp/8477"
		moving := members[15]
		for _, c := range moving.host.Network().Conns() {
			_ = c.Close()
		}
		move(t, moving.host, now)
		time.Sleep(time.Minute)
		if n := len(moving.host.Network().Peers()); n < 4 {
			t.Errorf("it has %d links", n)
		}
		know := 0
		for _, m := range members[:15] {
			m.Finder.mu.Lock()
			if e, ok := m.book.Lookup(moving.host.ID()); ok && e.Addrs[0].String() == now {
				know++
			}
			m.Finder.mu.Unlock()
		}
		t.Logf("%d of 15 know its address", know)
		if know < 10 {
			t.Errorf("%d of 15 know its address", know)
		}
	})
}

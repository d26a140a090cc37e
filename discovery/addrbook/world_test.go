package addrbook

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// secret differs by seed, as those of nodes do.
func secret(seed uint64) (s [32]byte) {
	binary.LittleEndian.PutUint64(s[:], seed)
	return s
}

func empty(seed uint64) *Book {
	return New(DefaultConfig(), secret(seed), rand.NewPCG(seed, 1), nil)
}

// id returns a peer id of the usual length.
func id(n int) peer.ID {
	raw := append([]byte{0, 36, 8, 1, 18, 32}, make([]byte, 32)...)
	binary.BigEndian.PutUint64(raw[6:], uint64(n))
	binary.BigEndian.PutUint64(raw[30:], uint64(n)*0x9e3779b97f4a7c15)
	return peer.ID(raw)
}

// at returns a host's TCP and QUIC addresses.
func at(ip string, port int) []multiaddr.Multiaddr {
	kind := "ip4"
	if netip.MustParseAddr(ip).Is6() {
		kind = "ip6"
	}
	return []multiaddr.Multiaddr{
		multiaddr.StringCast(fmt.Sprintf("/%s/%s/tcp/%d", kind, ip, port)),
		multiaddr.StringCast(fmt.Sprintf("/%s/%s/udp/%d/quic-v1", kind, ip, port)),
	}
}

// ip4 returns an address of a netgroup.
func ip4(group, n int) string {
	return fmt.Sprintf("%d.%d.%d.%d", 1+group>>8, group&0xff, n>>8&0xff, n&0xff)
}

// from returns the group of a source.
func from(n int) Group { return groupIPv4 | Group(n) }

// signed returns an advert with a record of the usual size, which nobody checks.
func signed(n int, ip string, seen time.Time) Advert {
	addrs := at(ip, 8477)
	record := append(make([]byte, 60), id(n)...)
	for _, a := range addrs {
		record = append(record, a.Bytes()...)
	}
	return Advert{Peer: id(n), Addrs: addrs, Record: append(record, make([]byte, 74)...), Seq: 1, Seen: seen}
}

func (b *Book) mustAdd(tb testing.TB, now time.Time, a Advert, source Group) bool {
	tb.Helper()
	added, err := b.Add(now, a, source)
	if err != nil {
		tb.Fatalf("add %v: %v", a.Addrs, err)
	}
	return added
}

// filled returns a book with so many entries that were told of by sixteen sources,
// the last ones tried.
func filled(tb testing.TB, seed uint64, fresh, tried int) *Book {
	tb.Helper()
	b := empty(seed)
	for i := range fresh + tried {
		b.mustAdd(tb, begin, signed(i, ip4(i*7919%4096, i/4096), begin.Add(-time.Hour)), from(i%16))
		if i >= fresh {
			b.Good(begin, id(i), nil, 1)
		}
	}
	return b
}

// check holds a book against the invariants of its tables.
func (b *Book) check(tb testing.TB) {
	tb.Helper()
	slots := map[*entry]int{}
	for _, t := range []*table{&b.fresh, &b.tried} {
		for i, e := range t.slots {
			if e == nil {
				continue
			}
			slots[e]++
			if e.gone || b.byPeer[e.id] != e || e.tried != (t == &b.tried) {
				tb.Fatalf("slot %d holds an entry that is gone, or not of this table", i)
			}
		}
		entries := 0
		for i, c := range t.clusters {
			if c.at != i || len(c.entries) == 0 || t.byGroup[c.group] != c {
				tb.Fatalf("cluster %d, %v, is not in order", i, c.group)
			}
			for j, e := range c.entries {
				if int(e.inCluster) != j || e.group != c.group || e.tried != (t == &b.tried) {
					tb.Fatalf("entry %d of %v is not in order", j, c.group)
				}
				entries++
			}
		}
		if entries != t.count || len(t.clusters) != len(t.byGroup) {
			tb.Fatalf("%d entries in clusters, %d counted", entries, t.count)
		}
	}
	if len(b.all) != len(b.byPeer) || len(b.all) != len(slots) || len(b.all) != b.fresh.count+b.tried.count {
		tb.Fatalf("%d entries, %d peers, %d with a slot", len(b.all), len(b.byPeer), len(slots))
	}
	for i, e := range b.all {
		want := 1
		if !e.tried {
			want = len(e.sources)
		}
		if int(e.inAll) != i || slots[e] != want || want == 0 || len(e.sources) > b.cfg.Sources {
			tb.Fatalf("entry %d has %d slots and %d sources", i, slots[e], len(e.sources))
		}
		if e.tried {
			if b.tried.slots[b.triedSlot(e)] != e {
				tb.Fatalf("entry %d is not in its slot of tried", i)
			}
			continue
		}
		for _, s := range e.sources {
			if b.fresh.slots[b.newSlot(e, s)] != e {
				tb.Fatalf("entry %d is not in its slot of new for %v", i, s)
			}
		}
	}
}

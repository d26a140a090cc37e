package addrbook

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// full returns a book of 80,000 entries, all told of by many sources: as many as
// the tables hold if nearly every slot is taken.
func full(tb testing.TB) *Book {
	tb.Helper()
	b := empty(1)
	rng := rand.New(rand.NewPCG(2, 2))
	now := begin
	for i := 0; ; i++ {
		fresh, tried := b.Len()
		if fresh+tried >= 80_000 {
			return b
		}
		now = now.Add(time.Second)
		b.mustAdd(tb, now, signed(i, ip4(rng.IntN(20_000), rng.IntN(1<<16)), now), from(rng.IntN(4096)))
		if tried < 15_500 && i%2 == 0 {
			b.Good(now, id(i), nil, 1)
		}
	}
}

// live returns what is allocated and in use.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMemory is what 80,000 entries take.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		before := live()
		book := full(b)
		b.StopTimer()
		saved := len(book.Changes(1000))
		for n := saved; n > 0; saved += n {
			n = len(book.Changes(1000))
		}
		b.ReportMetric(float64(live()-before)/1e6, "MB")
		fresh, tried := book.Len()
		b.ReportMetric(float64(fresh+tried), "entries")
		if saved < fresh+tried {
			b.Errorf("%d records of %d entries", saved, fresh+tried)
		}
		b.StartTimer()
	}
}

func BenchmarkPick(b *testing.B) {
	book, now := full(b), begin.Add(48*time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := book.Pick(now, Query{}); !ok {
			b.Fatal("nothing to pick")
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	book, now := full(b), begin.Add(48*time.Hour)
	adverts := make([]Advert, 1<<16)
	for i := range adverts {
		adverts[i] = signed(1<<20+i, ip4(i%32, i/32), now)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		book.mustAdd(b, now, adverts[i%len(adverts)], from(i%32))
	}
}

func BenchmarkRestore(b *testing.B) {
	book := full(b)
	var records []Record
	for batch := book.Changes(1000); len(batch) > 0; batch = book.Changes(1000) {
		records = append(records, batch...)
	}
	each := func(yield func(peer.ID, []byte) bool) {
		for _, r := range records {
			if r.Value != nil && !yield(r.Peer, r.Value) {
				return
			}
		}
	}
	for b.Loop() {
		restored, loss := Restore(DefaultConfig(), secret(1), rand.NewPCG(1, 1), nil, each)
		if fresh, tried := restored.Len(); fresh+tried < 80_000 || loss != (Loss{}) {
			b.Fatalf("%d entries, %+v", fresh+tried, loss)
		}
	}
}

func BenchmarkShare(b *testing.B) {
	book := full(b)
	for b.Loop() {
		if n := len(book.Share(begin.Add(48 * time.Hour))); n != MaxShare {
			b.Fatal(n)
		}
	}
}

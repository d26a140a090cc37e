package addrbook

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// life drives a small book at random. Few hosts, ids and sources, so that all of
// them meet.
type life struct {
	book  *Book
	rng   *rand.Rand
	now   time.Time
	store map[peer.ID][]byte
	trace []byte
}

func small() Config {
	cfg := DefaultConfig()
	cfg.NewBuckets, cfg.TriedBuckets, cfg.Slots, cfg.SourceBuckets, cfg.GroupBuckets = 8, 4, 4, 4, 2
	return cfg
}

func newLife(seed uint64) *life {
	return &life{
		book: New(small(), secret(seed), rand.NewPCG(seed, 1), nil), rng: rand.New(rand.NewPCG(seed, 2)),
		now: begin, store: map[peer.ID][]byte{},
	}
}

func (l *life) step(tb testing.TB) {
	tb.Helper()
	b, n := l.book, l.rng.IntN(300)
	l.now = l.now.Add(time.Duration(l.rng.IntN(600)) * time.Second)
	switch l.rng.IntN(12) {
	case 0, 1, 2, 3, 4:
		a := signed(n, ip4(n%40, l.rng.IntN(2)), l.now.Add(-time.Duration(l.rng.IntN(50*24))*time.Hour))
		a.Seq = l.rng.Uint64N(4)
		if l.rng.IntN(4) == 0 {
			a.Record = nil
		}
		l.note(b.mustAdd(tb, l.now, a, from(l.rng.IntN(30))))
	case 5, 6:
		l.note(b.Good(l.now, id(n), nil, l.rng.Uint64N(4)))
	case 7:
		b.Good(l.now, id(n), at(ip4(l.rng.IntN(40), l.rng.IntN(2)), 8477)[0], 0)
	case 8:
		b.Attempt(l.now, id(n), l.rng.IntN(2) == 0)
	case 9:
		e, ok := b.Feeler(l.now, Query{})
		if b.Attempt(l.now, e.Peer, true); ok && l.rng.IntN(2) == 0 {
			b.Good(l.now, e.Peer, nil, 1)
		}
		l.note(e.Peer, ok)
	case 10:
		e, ok := b.Pick(l.now, Query{Services: l.rng.Uint64N(2)})
		l.note(e.Peer, e.Attempts, ok)
	default:
		b.Connected(l.now, id(n))
		l.note(len(b.Share(l.now)))
		if l.rng.IntN(10) == 0 {
			b.Forget(id(n))
		}
	}
}

func (l *life) note(what ...any) {
	sum := sha256.Sum256(fmt.Append(l.trace, what...))
	l.trace = sum[:]
}

// save carries out changes, all of them or so many.
func (l *life) save(most int) {
	for _, r := range l.book.Changes(most) {
		if r.Value == nil {
			delete(l.store, r.Peer)
		} else {
			l.store[r.Peer] = r.Value
		}
	}
}

// stored iterates over a store by key, as databases do.
func stored(store map[peer.ID][]byte) func(func(peer.ID, []byte) bool) {
	return func(yield func(peer.ID, []byte) bool) {
		for _, p := range slices.Sorted(maps.Keys(store)) {
			if !yield(p, store[p]) {
				return
			}
		}
	}
}

func TestTablesStayInOrder(t *testing.T) {
	for seed := range uint64(40) {
		l := newLife(seed)
		for range 1500 {
			l.step(t)
			l.book.check(t)
			if len(l.book.contests) > l.book.cfg.Contests {
				t.Fatal("too many contests")
			}
		}
	}
}

func TestSameSeedSameBook(t *testing.T) {
	run := func(seed uint64) string {
		l := newLife(seed)
		for range 2000 {
			l.step(t)
		}
		return fmt.Sprintf("%x", l.trace)
	}
	if first, again := run(1), run(1); first != again || first == run(2) {
		t.Error("a book does not follow from its seed and its calls")
	}
}

// TestStoreFollowsTheBook: what is stored batch by batch is the book.
func TestStoreFollowsTheBook(t *testing.T) {
	for seed := range uint64(20) {
		l := newLife(seed)
		for i := range 1500 {
			if l.step(t); i%7 == 0 {
				l.save(l.rng.IntN(9))
			}
		}
		for before := -1; before != len(l.book.dirty)+len(l.book.dropped); {
			before = len(l.book.dirty) + len(l.book.dropped)
			l.save(5)
		}
		if len(l.store) != len(l.book.all) {
			t.Fatalf("seed %d: %d records, %d entries", seed, len(l.store), len(l.book.all))
		}
		again, loss := Restore(small(), secret(seed), rand.NewPCG(1, 1), nil, stored(l.store))
		again.check(t)
		if loss != (Loss{}) || len(again.Changes(10)) > 0 {
			t.Fatalf("seed %d: loss %+v", seed, loss)
		}
		for p, e := range l.book.byPeer {
			if other := again.byPeer[p]; other == nil || !slices.Equal(other.encode(), e.encode()) {
				t.Fatalf("seed %d: an entry has changed on its way: %+v", seed, e)
			}
		}
	}
}

// TestDirtyListIsBounded: who never saves does not run out of memory.
func TestDirtyListIsBounded(t *testing.T) {
	b := New(small(), secret(1), rand.NewPCG(1, 1), nil)
	for n := range 50_000 {
		now := begin.Add(time.Duration(n) * 31 * 24 * time.Hour / 100)
		b.mustAdd(t, now, signed(n, ip4(n%200, n), now), from(n%64))
	}
	if got := len(b.dirty); got > 2*len(b.all)+minDirty+1 {
		t.Errorf("%d entries wait to be stored, the book has %d", got, len(b.all))
	}
}

func TestCutOffWritesCostTheirEntriesOnly(t *testing.T) {
	for seed := range uint64(30) {
		l := newLife(seed)
		for i := range 1000 {
			if l.step(t); i%50 != 0 {
				continue
			}
			before := maps.Clone(l.store)
			changes := l.book.Changes(1 << 20)
			for _, r := range changes { // half of them reach the disk, whichever
				switch {
				case l.rng.IntN(2) == 0:
				case r.Value == nil:
					delete(before, r.Peer)
				default:
					before[r.Peer] = r.Value
				}
			}
			again, loss := Restore(small(), secret(seed), rand.NewPCG(1, 1), nil, stored(before))
			again.check(t)
			if loss.Damaged > 0 || len(again.all)+loss.Crowded != len(before) {
				t.Fatalf("seed %d: %d records give %d entries and %+v", seed, len(before), len(again.all), loss)
			}
			if cleaned := again.Changes(1 << 20); countDeletes(cleaned) != loss.Crowded {
				t.Fatalf("seed %d: %d records are deleted, %d were left out", seed, countDeletes(cleaned), loss.Crowded)
			}
			for _, r := range changes {
				if r.Value == nil {
					delete(l.store, r.Peer)
				} else {
					l.store[r.Peer] = r.Value
				}
			}
		}
	}
}

func countDeletes(records []Record) int {
	n := 0
	for _, r := range records {
		if r.Value == nil {
			n++
		}
	}
	return n
}

func TestDamagedRecordsCostTheirEntriesOnly(t *testing.T) {
	b := filled(t, 1, 300, 100)
	store := map[peer.ID][]byte{}
	for _, r := range b.Changes(1 << 20) {
		store[r.Peer] = r.Value
	}
	rng := rand.New(rand.NewPCG(1, 1))
	damaged, whole := 0, 0
	for i, p := range slices.Sorted(maps.Keys(store)) {
		raw := slices.Clone(store[p])
		switch i % 8 {
		case 0:
			raw[rng.IntN(len(raw))] ^= 1 << rng.IntN(8)
		case 1:
			raw = raw[:rng.IntN(len(raw))]
		case 2:
			raw = nil
		case 3: // another peer's record
			store[p+"x"] = raw
			damaged++
			whole++
			continue
		default:
			whole++
			continue
		}
		store[p] = raw
		damaged++
	}
	store[""] = nil
	again, loss := Restore(DefaultConfig(), secret(1), rand.NewPCG(1, 1), nil, stored(store))
	again.check(t)
	if want := (Loss{Damaged: damaged + 1}); loss != want || len(again.all) != whole {
		t.Errorf("%d entries, loss %+v, want %+v", len(again.all), loss, want)
	}
}

// TestBookOfOtherSizesKeepsWhatFits: the tables may change from one release to the
// next, and so may the secret if it is lost.
func TestBookOfOtherSizesKeepsWhatFits(t *testing.T) {
	b := filled(t, 2, 2000, 400)
	store := map[peer.ID][]byte{}
	for _, r := range b.Changes(1 << 20) {
		store[r.Peer] = r.Value
	}
	again, loss := Restore(DefaultConfig(), secret(99), rand.NewPCG(1, 1), nil, stored(store))
	again.check(t)
	if kept := len(again.all); kept+loss.Crowded != len(store) || kept < len(store)*9/10 {
		t.Errorf("%d of %d entries are kept, %+v", kept, len(store), loss)
	}
}

func TestSlotsAreSpread(t *testing.T) {
	b := empty(11)
	var buckets [1024]int
	var raw [4]byte
	for n := range 64 * 1024 {
		binary.BigEndian.PutUint32(raw[:], uint32(n)*2654435761)
		e := &entry{group: Group(n % 5000), addrs: addrs(append([]byte{8, 4}, append(raw[:], 6, 1, 1)...))}
		buckets[b.newSlot(e, from(n%997))/b.cfg.Slots]++
	}
	// Of 64 addresses in each of 997 sources' 64 buckets: the mean is 64, and as
	// buckets are of ~62 source buckets of one entry each, nearly Poisson: s.d. 8.
	// Six of those either way pass once in 500 million buckets.
	for i, n := range buckets {
		if n < 64-6*8 || n > 64+6*8 {
			t.Errorf("bucket %d has %d of 65,536 entries", i, n)
		}
	}
}

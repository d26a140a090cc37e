package addrbook

import (
	"testing"
	"time"
)

// rivals returns a book with a tried entry at one host, id 1, and an entry of new,
// id 2, that wants its slot: the same host under another id.
func rivals(t *testing.T) *Book {
	t.Helper()
	b := empty(1)
	b.mustAdd(t, begin, signed(1, "5.6.7.8", begin), from(1))
	if !b.Good(begin, id(1), nil, 1) {
		t.Fatal("a free slot of tried is not taken")
	}
	b.mustAdd(t, begin, signed(2, "5.6.7.8", begin), from(2))
	return b
}

func tried(b *Book, n int) bool {
	e, ok := b.Lookup(id(n))
	return ok && e.Tried
}

func TestContests(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		play func(t *testing.T, b *Book, now time.Time)
		wins int
	}{
		"the holder answered lately": {func(_ *testing.T, b *Book, now time.Time) {
			b.Good(now.Add(-3*time.Hour), id(1), nil, 1)
			b.Good(now, id(2), nil, 1)
			b.Pick(now.Add(time.Minute), Query{})
		}, 1},
		"the holder is dialled and answers": {func(t *testing.T, b *Book, now time.Time) {
			t.Helper()
			b.Good(now, id(2), nil, 1)
			wantFeeler(t, b, now.Add(time.Minute), 1)
			b.Attempt(now.Add(time.Minute), id(1), true)
			b.Good(now.Add(61*time.Second), id(1), nil, 1)
			b.Pick(now.Add(5*time.Minute), Query{})
		}, 1},
		"the holder is dialled and does not answer": {func(t *testing.T, b *Book, now time.Time) {
			t.Helper()
			b.Good(now, id(2), nil, 1)
			wantFeeler(t, b, now.Add(time.Minute), 1)
			b.Attempt(now.Add(time.Minute), id(1), true)
			b.Pick(now.Add(90*time.Second), Query{}) // its dial may be under way
			if tried(b, 2) {
				t.Error("the holder is out before its dial can have ended")
			}
			b.Pick(now.Add(2*time.Minute), Query{})
		}, 2},
		"the holder was dialled in vain before, and not since": {func(_ *testing.T, b *Book, now time.Time) {
			b.Attempt(now.Add(-time.Hour), id(1), true)
			b.Good(now, id(2), nil, 1)
			b.Pick(now.Add(5*time.Minute), Query{})
		}, 1},
		"nobody dials the holder": {func(_ *testing.T, b *Book, now time.Time) {
			b.Good(now, id(2), nil, 1)
			b.Pick(now.Add(41*time.Minute), Query{})
			b.Attempt(now.Add(42*time.Minute), id(1), true)
			b.Pick(now.Add(50*time.Minute), Query{}) // too late
		}, 1},
		"the holder leaves": {func(_ *testing.T, b *Book, now time.Time) {
			b.Good(now, id(2), nil, 1)
			b.Forget(id(1))
			b.Pick(now.Add(time.Second), Query{})
		}, 2},
		"the newcomer leaves": {func(_ *testing.T, b *Book, now time.Time) {
			b.Good(now, id(2), nil, 1)
			b.Forget(id(2))
			b.Attempt(now.Add(time.Second), id(1), true)
			b.Pick(now.Add(5*time.Minute), Query{})
		}, 1},
		"the clock is set back": {func(_ *testing.T, b *Book, now time.Time) {
			b.Good(now, id(2), nil, 1)
			b.Attempt(now.Add(time.Second), id(1), true)
			b.Pick(now.Add(-day), Query{})
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := rivals(t)
			c.play(t, b, begin.Add(5*day))
			b.check(t)
			if !tried(b, c.wins) || tried(b, 3-c.wins) {
				t.Errorf("the slot is not %d's", c.wins)
			}
		})
	}
}

func wantFeeler(t *testing.T, b *Book, now time.Time, want int) {
	t.Helper()
	if e, ok := b.Feeler(now, Query{}); !ok || e.Peer != id(want) {
		t.Errorf("the feeler goes to %v, %v", e.Addrs, ok)
	}
}

func TestLoserGoesBackToNew(t *testing.T) {
	b := rivals(t)
	now := begin.Add(100 * time.Hour)
	b.Good(now, id(2), nil, 1)
	b.Attempt(now.Add(time.Second), id(1), true)
	b.Pick(now.Add(time.Hour/2), Query{})
	if e, ok := b.Lookup(id(1)); !ok || e.Tried || len(e.Sources) != 1 || e.Sources[0] != from(1) {
		t.Errorf("the loser: %+v, %v", e, ok)
	}
	b.check(t)
}

func TestFeelersTestNew(t *testing.T) {
	b := filled(t, 2, 20, 20)
	for i := range 50 {
		e, ok := b.Feeler(begin.Add(time.Hour+time.Duration(i)*time.Hour), Query{})
		if !ok || e.Tried {
			t.Fatalf("feeler %+v, %v", e, ok)
		}
	}
	if _, ok := empty(1).Feeler(begin, Query{}); ok {
		t.Error("an empty book has a feeler")
	}
}

func TestFewContestsAtATime(t *testing.T) {
	b := empty(3)
	for n := range 50 {
		b.mustAdd(t, begin, signed(n, ip4(n, 1), begin), from(n))
		b.Good(begin, id(n), nil, 1)
	}
	now := begin.Add(48 * time.Hour)
	for n := range 50 {
		b.mustAdd(t, now, signed(100+n, ip4(n, 1), now), from(n))
		for range 3 {
			b.Good(now, id(100+n), nil, 1)
		}
	}
	if len(b.contests) != b.cfg.Contests {
		t.Errorf("%d contests", len(b.contests))
	}
}

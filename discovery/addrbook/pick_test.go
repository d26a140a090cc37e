package addrbook

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// picks counts what so many picks give.
func picks(t *testing.T, b *Book, now time.Time, q Query, n int) map[peer.ID]int {
	t.Helper()
	count := map[peer.ID]int{}
	for range n {
		e, ok := b.Pick(now, q)
		if !ok {
			t.Fatal("nothing to pick")
		}
		count[e.Peer]++
	}
	return count
}

// near says whether a count is within four standard deviations of a binomial's
// mean. The seeds are fixed.
func near(count, n int, p float64) bool {
	return math.Abs(float64(count)-float64(n)*p) <= 4*math.Sqrt(float64(n)*p*(1-p))
}

// TestNetgroupsWeighAlike: a hundred addresses of one netgroup are picked as often
// as the only one of another.
func TestNetgroupsWeighAlike(t *testing.T) {
	b := empty(1)
	for n := range 100 {
		b.mustAdd(t, begin, signed(n, ip4(1, n), begin), from(n))
	}
	for n := 100; n < 104; n++ {
		b.mustAdd(t, begin, signed(n, ip4(n, n), begin), from(n))
	}
	const n = 10_000
	count := picks(t, b, begin.Add(time.Hour), Query{}, n)
	crowd := 0
	for i := range 100 {
		crowd += count[id(i)]
	}
	if !near(crowd, n, 0.2) {
		t.Errorf("%d of %d picks go to the netgroup of a hundred", crowd, n)
	}
	for i := 100; i < 104; i++ {
		if !near(count[id(i)], n, 0.2) {
			t.Errorf("%d of %d picks go to a netgroup of one", count[id(i)], n)
		}
	}
}

func TestTablesArePickedAlike(t *testing.T) {
	b := filled(t, 2, 300, 10)
	const n = 5000
	old := 0
	for p, count := range picks(t, b, begin.Add(time.Hour), Query{}, n) {
		if e, _ := b.Lookup(p); e.Tried {
			old += count
		}
	}
	if !near(old, n, 0.5) {
		t.Errorf("%d of %d picks are of tried", old, n)
	}
	for table, want := range map[Table]bool{NewTable: false, TriedTable: true} {
		for p := range picks(t, b, begin.Add(time.Hour), Query{Table: table}, 100) {
			if e, _ := b.Lookup(p); e.Tried != want {
				t.Errorf("table %d gives an entry of the other", table)
			}
		}
	}
}

func TestDialsInVainLowerTheChance(t *testing.T) {
	b := empty(3)
	for n := range 2 {
		b.mustAdd(t, begin, signed(n, ip4(n, 1), begin), from(n))
		b.Good(begin, id(n), nil, 1)
	}
	now := begin.Add(time.Hour)
	b.Attempt(now, id(0), true)
	const n = 20_000
	// Within ten minutes: a hundredth, and 0.66 for one dial in vain. Half the
	// draws are of the one whose chance is 1 and end at once, the others end with
	// 0.0066 × 1.2ⁿ: what is left of them is below 1.5 %.
	if got := picks(t, b, now.Add(time.Minute), Query{}, n)[id(0)]; got > n*3/200 {
		t.Errorf("%d of %d picks are of what was just dialled", got, n)
	}
	// Later, a dial of the one ends with chance 0.66, then 0.66 × 1.2 …: p = 1/2 ×
	// 0.66 / (1 − 1/2 × 0.34) = 0.398 without impatience, with it a little more.
	if got := picks(t, b, now.Add(time.Hour), Query{}, n)[id(0)]; got < n*39/100 || got > n*42/100 {
		t.Errorf("%d of %d picks are of what was dialled in vain once", got, n)
	}
}

func TestFailureOfOurOwnNetworkIsCountedOnce(t *testing.T) {
	b := filled(t, 4, 0, 5)
	attempts := func() int { e, _ := b.Lookup(id(0)); return e.Attempts }
	for i := range 20 {
		b.Attempt(begin.Add(time.Duration(i)*time.Hour), id(0), false)
	}
	if attempts() != 0 {
		t.Error("dials without any link count")
	}
	for i := range 20 {
		b.Attempt(begin.Add(time.Duration(i+1)*time.Hour), id(0), true)
	}
	if attempts() != 1 {
		t.Errorf("%d attempts counted, and nobody has answered meanwhile", attempts())
	}
	b.Good(begin.Add(30*time.Hour), id(1), nil, 1)
	b.Attempt(begin.Add(31*time.Hour), id(0), true)
	if attempts() != 2 {
		t.Errorf("%d attempts counted", attempts())
	}
	for i := range 12 { // one outage, with answers of others all the time
		b.Good(begin.Add(32*time.Hour+time.Duration(i)*20*time.Minute), id(1), nil, 1)
		b.Attempt(begin.Add(32*time.Hour+time.Duration(i)*20*time.Minute+time.Second), id(0), true)
	}
	if attempts() != 3 {
		t.Errorf("%d attempts counted, twelve more in four hours are one", attempts())
	}
	b.Attempt(begin, id(99), true) // nobody
}

func TestQueryIsKept(t *testing.T) {
	b := filled(t, 5, 60, 60)
	now := begin.Add(time.Hour)
	var taken []Group
	for e := range b.All() {
		if len(taken) < 50 && !slices.Contains(taken, e.Group) {
			taken = append(taken, e.Group)
		}
	}
	q := Query{Taken: taken, Services: 1, Skip: func(p peer.ID) bool { return p[13]&1 == 1 }} // odd ids
	for p := range picks(t, b, now, q, 500) {
		if e, _ := b.Lookup(p); slices.Contains(taken, e.Group) || p[13]&1 == 1 {
			t.Errorf("a pick that was not wanted: %+v", e)
		}
	}
	q = Query{Services: 2} // tried have 1, of new it is not known
	for p := range picks(t, b, now, q, 500) {
		if e, _ := b.Lookup(p); e.Tried {
			t.Error("an entry without the service is picked")
		}
	}
	if _, ok := b.Pick(now, Query{Skip: func(peer.ID) bool { return true }}); ok {
		t.Error("nothing was wanted and something was picked")
	}
	if _, ok := empty(1).Pick(now, Query{}); ok {
		t.Error("an empty book gives something")
	}
}

// TestBookWhoseEntriesAllFailStillGivesOne: after an hour without network, all
// have been dialled in vain a minute ago.
func TestBookWhoseEntriesAllFailStillGivesOne(t *testing.T) {
	b := filled(t, 6, 50, 50)
	for range 12 {
		for n := range 100 {
			b.byPeer[id(n)].counted = 0
			b.Attempt(begin.Add(time.Hour), id(n), true)
		}
	}
	for range 100 {
		if _, ok := b.Pick(begin.Add(time.Hour+time.Second), Query{}); !ok {
			t.Fatal("nothing is picked")
		}
	}
}

func TestTerribleEntriesMakeWay(t *testing.T) {
	const day = 24 * time.Hour
	fail := func(b *Book, n int, now time.Time) {
		for range n {
			b.byPeer[id(1)].counted = 0
			b.Attempt(now, id(1), true)
		}
	}
	for name, c := range map[string]struct {
		then  func(b *Book)
		after time.Duration
		want  bool
	}{
		"fresh":                              {func(*Book) {}, day, false},
		"not seen for a month":               {func(*Book) {}, 31 * day, true},
		"from the future":                    {func(*Book) {}, -day, true},
		"failed twice, never answered":       {func(b *Book) { fail(b, 2, begin) }, day, false},
		"failed three times, never":          {func(b *Book) { fail(b, 3, begin) }, day, true},
		"failed three times, just dialled":   {func(b *Book) { fail(b, 3, begin) }, 59 * time.Second, false},
		"answered, failed three times":       {func(b *Book) { b.byPeer[id(1)].answered = momentOf(begin); fail(b, 3, begin) }, 9 * day, false},
		"answered long ago, failed ten":      {func(b *Book) { b.byPeer[id(1)].answered = momentOf(begin); fail(b, 10, begin) }, 9 * day, true},
		"answered this week, failed ten":     {func(b *Book) { b.byPeer[id(1)].answered = momentOf(begin); fail(b, 10, begin) }, 6 * day, false},
		"failed, but the clock was set back": {func(b *Book) { fail(b, 2, begin.Add(100*day)) }, day, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := empty(7)
			b.mustAdd(t, begin, signed(1, "5.6.7.8", begin), from(1))
			c.then(b)
			// A rival for the same slot: the same host, told by the same source.
			b.mustAdd(t, begin.Add(c.after), signed(2, "5.6.7.8", begin.Add(c.after)), from(1))
			if _, ok := b.Lookup(id(2)); ok != c.want {
				t.Errorf("it makes way: %v, want %v", ok, c.want)
			}
			b.check(t)
		})
	}
}

// TestEntryWithSeveralSlotsGivesOneUp: an entry that has others makes way for one
// that would have none.
func TestEntryWithSeveralSlotsGivesOneUp(t *testing.T) {
	b := empty(8)
	for source := range 300 {
		b.mustAdd(t, begin, signed(1, "5.6.7.8", begin.Add(time.Duration(source)*time.Second)), from(source))
	}
	e, _ := b.Lookup(id(1))
	if len(e.Sources) < 3 {
		t.Fatalf("told by 300 sources it has %d slots", len(e.Sources))
	}
	if !b.mustAdd(t, begin, signed(2, "5.6.7.8", begin), e.Sources[1]) {
		t.Error("it does not make way")
	}
	b.check(t)
	if after, _ := b.Lookup(id(1)); len(after.Sources) != len(e.Sources)-1 {
		t.Errorf("it has %d slots, had %d", len(after.Sources), len(e.Sources))
	}
}

func TestShareIsASampleOfTheGood(t *testing.T) {
	b := filled(t, 9, 1000, 200)
	for n := range 300 { // unsigned and old ones
		b.mustAdd(t, begin, Advert{Peer: id(5000 + n), Addrs: at(ip4(n, 7000+n), 1), Seen: begin}, from(n%16))
		b.mustAdd(t, begin, signed(6000+n, ip4(n, 8000+n), begin.Add(-40*24*time.Hour)), from(n%16))
	}
	fresh, old := b.Len()
	seen := map[peer.ID]bool{}
	for range 200 {
		sample := b.Share(begin)
		if len(sample) != (fresh+old)*23/100 {
			t.Fatalf("%d of %d entries", len(sample), fresh+old)
		}
		in := map[peer.ID]bool{}
		for _, e := range sample {
			if e.Record == nil || begin.Sub(e.Seen) > b.cfg.Horizon || in[e.Peer] {
				t.Fatalf("shared: %+v", e)
			}
			in[e.Peer], seen[e.Peer] = true, true
		}
	}
	b.check(t)
	good := 0
	for e := range b.All() {
		if e.Record != nil && begin.Sub(e.Seen) <= b.cfg.Horizon {
			good++
		}
	}
	if len(seen) != good {
		t.Errorf("%d entries are ever shared, %d are good", len(seen), good)
	}
}

// A dial that failed by nobody's fault is taken back, once; the next one in vain counts.
func TestExcuseTakesBackADial(t *testing.T) {
	b := empty(1)
	b.mustAdd(t, begin, signed(1, ip4(1, 1), begin), from(1))
	p := id(1)
	attempts := func() int { e, _ := b.Lookup(p); return e.Attempts }
	if !b.Attempt(begin, p, true) || attempts() != 1 {
		t.Fatalf("%d attempts", attempts())
	}
	if b.Attempt(begin.Add(time.Minute), p, true) {
		t.Error("a second dial within the same outage is charged")
	}
	for range 2 {
		if b.Excuse(p); attempts() != 0 {
			t.Errorf("%d attempts after an excuse", attempts())
		}
	}
	if !b.Attempt(begin.Add(2*time.Minute), p, true) || attempts() != 1 {
		t.Errorf("%d attempts after the next", attempts())
	}
	b.Excuse("stranger")
}

package adverts

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// many is how many peers a node knows that is not new to a network.
const many = 1000

// about is an advert that is fresh at a time.
func about(p peer.ID, now time.Time) Advert {
	return Advert{Peer: p, Seq: 1, Seen: now, Record: []byte("signed by " + p)}
}

// crowd returns a router with so many links, all of which take addresses.
func crowd(seed uint64, outbound, inbound int) *Router {
	r := New(DefaultConfig(), rand.NewPCG(seed, seed), start())
	for i := range outbound + inbound {
		p := peer.ID(fmt.Sprintf("p%03d", i))
		r.Join(start(), p, i < outbound)
		r.Takes(p)
	}
	return r
}

// run returns what a router sends until an end, by when.
func run(r *Router, end time.Time) (sent []Send, at []time.Time) {
	for now := r.Next(); !now.IsZero() && now.Before(end); now = r.Next() {
		for _, s := range r.Tick(now) {
			sent, at = append(sent, s), append(at, now)
		}
	}
	return sent, at
}

// told returns whom a router tells of an advert that it hears at a time.
func told(r *Router, now time.Time, from peer.ID, a Advert, of int) []peer.ID {
	r.Heard(now, from, a, of, many)
	var to []peer.ID
	sent, _ := run(r, now.Add(time.Hour))
	for _, s := range sent {
		for _, x := range s.Adverts {
			if x.Peer == a.Peer {
				to = append(to, s.To)
			}
		}
	}
	slices.Sort(to)
	return to
}

// Every peer that was dialled hears of the node at once and then once a day on average,
// nobody else does, and nobody at all of a node that cannot be dialled.
func TestOwnAdvert(t *testing.T) {
	r := crowd(1, 8, 20)
	if !r.Next().IsZero() {
		t.Error("a node that cannot be dialled tells of itself")
	}
	r.Own(start(), 7)
	const days = 100
	count := make(map[peer.ID]int)
	sent, at := run(r, start().Add(days*24*time.Hour))
	for i, s := range sent {
		if !s.Own {
			t.Errorf("%+v is sent, and nobody was heard of", s)
		}
		if count[s.To]++; count[s.To] == 1 && at[i].Sub(start()) > time.Minute {
			t.Errorf("%s hears of it after %v", s.To, at[i].Sub(start()))
		}
	}
	// Poisson: 8 × 100, four standard deviations.
	if len(count) != 8 || len(sent) < 800-4*29 || len(sent) > 800+4*29 {
		t.Errorf("%d peers are told %d times in %d days", len(count), len(sent), days)
	}
	end := start().Add(days * 24 * time.Hour)
	r.Join(end, "late", true)
	if due := r.Tick(end); !slices.ContainsFunc(due, func(s Send) bool { return s.Own && s.To == "late" }) {
		t.Error("a peer that has just been dialled is not told")
	}
	r.Own(end, 8)
	again, _ := run(r, end.Add(time.Minute))
	if len(again) != 9 {
		t.Errorf("%d of 9 peers are told of a new address within a minute", len(again))
	}
	r.Own(end, 0)
	if !r.Next().IsZero() {
		t.Error("it goes on when the node cannot be dialled any more")
	}
}

func TestFreshAdvertGoesToTwo(t *testing.T) {
	now := start().Add(time.Hour)
	for name, c := range map[string]struct {
		age  time.Duration
		of   int
		want int
	}{
		"its own word":       {0, 1, 2},
		"of ten":             {0, 10, 2},
		"of a whole book":    {0, 11, 0},
		"minutes old":        {9 * time.Minute, 1, 2},
		"older than that":    {11 * time.Minute, 1, 0},
		"a little ahead":     {-9 * time.Minute, 1, 2},
		"from the future":    {-11 * time.Minute, 1, 0},
		"before all of time": {1 << 62, 1, 0},
	} {
		a := about("somebody", now)
		a.Seen = now.Add(-c.age)
		if to := told(crowd(2, 4, 4), now, "p000", a, c.of); len(to) != c.want || slices.Contains(to, "p000") {
			t.Errorf("%s goes to %v, want %d others", name, to, c.want)
		}
	}
	r := crowd(2, 4, 4)
	if to := told(r, now, "p000", about("p001", now), 1); slices.Contains(to, "p001") || len(to) != 2 {
		t.Errorf("a peer is told of itself: %v", to)
	}
	if to := told(r, now.Add(time.Minute), "p002", about("p001", now), 1); len(to) != 0 {
		t.Errorf("the same goes on again: %v", to)
	}
}

// One who has dialled and has not asked for addresses is told of none.
func TestListenersThatDoNotAskAreToldNothing(t *testing.T) {
	r := New(DefaultConfig(), rand.NewPCG(3, 3), start())
	r.Join(start(), "dialled", true)
	r.Join(start(), "spy", false)
	if to := told(r, start(), "x", about("a", start()), 1); !slices.Equal(to, []peer.ID{"dialled"}) {
		t.Errorf("told %v", to)
	}
	r.Takes("spy")
	r.Leave("dialled")
	if to := told(r, start(), "x", about("b", start()), 1); !slices.Equal(to, []peer.ID{"spy"}) {
		t.Errorf("told %v", to)
	}
	r.Leave("spy")
	r.Leave("spy")
	if to := told(r, start(), "x", about("c", start()), 1); to != nil {
		t.Errorf("told %v", to)
	}
}

// A node that knows few others tells all its peers.
func TestAdvertGoesToAllInASmallNetwork(t *testing.T) {
	for known, want := range map[int]int{0: 7, 63: 7, 64: 2} {
		r := crowd(2, 4, 4)
		r.Heard(start(), "p000", about("somebody", start()), 1, known)
		sent, _ := run(r, start().Add(time.Hour))
		if len(sent) != want {
			t.Errorf("one that knows %d tells %d of 7 others, want %d", known, len(sent), want)
		}
	}
}

// Whoever advertises again and again, under new records, reaches the same two peers all
// day, others the next, and other two than somebody else does.
func TestChoiceLastsADay(t *testing.T) {
	r := crowd(4, 8, 56)
	choice := func(p peer.ID, now time.Time) string {
		var to []peer.ID
		for _, l := range r.chosen(now, "x", p, 2) {
			to = append(to, l.peer)
		}
		slices.Sort(to)
		return fmt.Sprint(to)
	}
	changes, was := 0, choice("a", start())
	for h := range 24 * 30 {
		if is := choice("a", start().Add(time.Duration(h)*time.Hour)); is != was {
			changes, was = changes+1, is
		}
	}
	if changes < 29 || changes > 30 {
		t.Errorf("the choice has changed %d times in 30 days", changes)
	}
	seen := make(map[string]bool)
	for i := range 200 {
		seen[choice(peer.ID(fmt.Sprint(i)), start())] = true
	}
	if len(seen) < 150 { // of 2,016 pairs: 190 expected, ± 3
		t.Errorf("200 peers' adverts go to %d pairs", len(seen))
	}
}

// 0.1 a second, one at first, a thousand saved up.
func TestBudget(t *testing.T) {
	r := crowd(5, 1, 0)
	for _, c := range []struct {
		at   time.Duration
		n    int
		want int
	}{
		{0, 5, 1},
		{0, 5, 0},
		{5 * time.Second, 5, 0},
		{10 * time.Second, 5, 1},
		{110 * time.Second, 5, 5},
		{110 * time.Second, 9, 5},
		{100 * time.Hour, 5000, 1000},
		{50 * time.Hour, 5, 0}, // the clock was set back
		{50*time.Hour + 20*time.Second, 5, 2},
	} {
		if got := r.Admit(start().Add(c.at), "p000", c.n); got != c.want {
			t.Errorf("after %v %d of %d are looked at, want %d", c.at, got, c.n, c.want)
		}
	}
	if c := r.Count("p000"); c.Looked != 1014 || c.Limited != 4030 || r.Count("a stranger") != (Count{}) {
		t.Errorf("counted %+v", c)
	}
	if got := r.Admit(start(), "a stranger", 5); got != 0 {
		t.Errorf("%d of a stranger's are looked at", got)
	}
}

// A peer that tells all it may, of ever new peers, makes no queue and no memory grow
// without end, and honest adverts still pass.
func TestFloodIsBounded(t *testing.T) {
	r := crowd(6, 2, 2)
	cfg := DefaultConfig()
	now := start()
	for i := range 50_000 {
		now = now.Add(time.Millisecond)
		r.Heard(now, "p003", about(peer.ID(fmt.Sprint("sybil ", i)), now), 1, many)
	}
	if n := len(r.passed.young) + len(r.passed.old); n > 2*cfg.Memory {
		t.Errorf("%d records are remembered", n)
	}
	for _, l := range r.links {
		if len(l.queue) > cfg.Queue || len(l.knows.young)+len(l.knows.old) > 2*cfg.KnownBy {
			t.Errorf("%d wait for %s, which knows %d", len(l.queue), l.peer, len(l.knows.young)+len(l.knows.old))
		}
	}
	for _, s := range r.Tick(now.Add(time.Hour)) {
		if len(s.Adverts) > cfg.Few {
			t.Errorf("%d adverts in one message: it ends there", len(s.Adverts))
		}
	}
	now = now.Add(2 * time.Hour)
	if to := told(r, now, "p000", about("honest", now), 1); len(to) != 2 {
		t.Errorf("after the flood %v are told", to)
	}
}

func TestSameSeedSameAdverts(t *testing.T) {
	story := func(seed uint64) []Send {
		r := crowd(seed, 8, 40)
		r.Own(start(), 1)
		for i := range 50 {
			r.Heard(start().Add(time.Duration(i)*time.Second), "p009", about(peer.ID(fmt.Sprint(i)), start()), 1, many)
		}
		sent, _ := run(r, start().Add(48*time.Hour))
		return sent
	}
	if !reflect.DeepEqual(story(7), story(7)) || reflect.DeepEqual(story(7), story(8)) {
		t.Error("what is sent does not follow from the seed")
	}
}

func TestConfigValidate(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Config){
		"times":   func(c *Config) { c.Delay = 0 },
		"copies":  func(c *Config) { c.Copies = -1 },
		"numbers": func(c *Config) { c.Queue = 0 },
		"rate":    func(c *Config) { c.Rate = -1 },
	} {
		bad := DefaultConfig()
		if spoil(&bad); bad.Validate() == nil {
			t.Errorf("%s that cannot work pass", name)
		}
	}
}

// Chosen links, at 125 of them: what each advert that travels costs.
func BenchmarkHeard(b *testing.B) {
	r := crowd(9, 10, 115)
	now := start()
	for i := 0; b.Loop(); i++ {
		r.Heard(now, "p100", about(peer.ID(fmt.Sprint(i)), now), 1, many)
	}
}

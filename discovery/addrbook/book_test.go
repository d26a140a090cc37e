package addrbook

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

func TestConfigValidate(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Config){
		"slots":          func(c *Config) { c.Slots = 0 },
		"new":            func(c *Config) { c.NewBuckets = 1 << 30 },
		"tried":          func(c *Config) { c.TriedBuckets = 0 },
		"source buckets": func(c *Config) { c.SourceBuckets = 0 },
		"group buckets":  func(c *Config) { c.GroupBuckets = 0 },
		"sources":        func(c *Config) { c.Sources = maxSources + 1 },
		"horizon":        func(c *Config) { c.Horizon = 0 },
		"contests":       func(c *Config) { c.Contests = -1 },
		"test window":    func(c *Config) { c.TestWindow = 0 },
	} {
		bad := DefaultConfig()
		if spoil(&bad); bad.Validate() == nil {
			t.Errorf("%s that cannot work pass", name)
		}
	}
}

func TestBookTellsWhatItWasTold(t *testing.T) {
	b := empty(1)
	advert := signed(1, "5.6.7.8", begin.Add(-time.Hour))
	advert.Services = 5
	if !b.mustAdd(t, begin, advert, from(9)) || b.mustAdd(t, begin, advert, from(9)) {
		t.Error("an advert makes one entry, the first time")
	}
	e, ok := b.Lookup(id(1))
	if !ok || e.Peer != id(1) || len(e.Addrs) != 2 || !e.Addrs[1].Equal(advert.Addrs[1]) || e.Services != 5 || e.Seq != 1 ||
		!slices.Equal(e.Record, advert.Record) || e.Group.String() != "5.6.0.0/16" || !slices.Equal(e.Sources, []Group{from(9)}) || e.Tried {
		t.Errorf("entry %+v", e)
	}
	// Two hours less than told: it is hearsay.
	if want := begin.Add(-3 * time.Hour); !e.Seen.Equal(want) {
		t.Errorf("seen %v, want %v", e.Seen, want)
	}
	if info := e.Info(); info.ID != id(1) || len(info.Addrs) != 2 {
		t.Errorf("to dial: %v", info)
	}
	b.Forget(id(1))
	if fresh, tried := b.Len(); fresh+tried != 0 {
		t.Error("it is not forgotten")
	}
	b.check(t)
}

func TestWhatCannotBeDialledIsRefused(t *testing.T) {
	relay := multiaddr.StringCast("/ip4/1.2.3.4/tcp/8477/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit")
	for name, addrs := range map[string][]multiaddr.Multiaddr{
		"none":        nil,
		"a name":      {multiaddr.StringCast("/dns4/example.com/tcp/8477")},
		"no port":     {multiaddr.StringCast("/ip4/1.2.3.4")},
		"port 0":      {multiaddr.StringCast("/ip4/1.2.3.4/tcp/0")},
		"a relay":     {relay},
		"a zone":      {multiaddr.StringCast("/ip6zone/eth0/ip6/fe80::1/tcp/8477")},
		"not IP":      {multiaddr.StringCast("/unix/tmp/socket")},
		"empty inner": {nil},
	} {
		if added, err := empty(1).Add(begin, Advert{Peer: id(1), Addrs: addrs, Seen: begin}, Operator); added || !errors.Is(err, ErrNoAddress) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, p := range []peer.ID{"", peer.ID(make([]byte, MaxPeerID+1))} {
		if _, err := empty(1).Add(begin, Advert{Peer: p, Addrs: at("1.2.3.4", 1), Seen: begin}, Operator); !errors.Is(err, ErrBadPeer) {
			t.Errorf("a peer id of %d bytes: %v", len(p), err)
		}
	}
}

// TestOneHostHasOneSlotForAllItsIDs: ids are free. A thousand of them behind one
// address, on ports of their own, told by one source, are one entry; tried takes one.
func TestOneHostHasOneSlotForAllItsIDs(t *testing.T) {
	for name, ip := range map[string]func(n int) string{
		"IPv4": func(int) string { return "5.6.7.8" },
		"IPv6": func(n int) string { return fmt.Sprintf("2001:db8:1:2::%x", n+1) }, // one /64
	} {
		t.Run(name, func(t *testing.T) {
			b := empty(3)
			for n := range 1000 {
				a := signed(n, ip(n), begin)
				a.Addrs = at(ip(n), 1000+n)
				b.mustAdd(t, begin, a, from(7))
			}
			if fresh, _ := b.Len(); fresh != 1 {
				t.Errorf("%d entries from one source", fresh)
			}
			for n := range 1000 {
				a := signed(n, ip(n), begin)
				a.Addrs = at(ip(n), 1000+n)
				b.mustAdd(t, begin, a, from(n))
				b.Good(begin, id(n), nil, 1)
			}
			if _, tried := b.Len(); tried != 1 {
				t.Errorf("%d entries in tried", tried)
			}
			b.check(t)
		})
	}
}

// TestOnePeerHasOneEntryForAllItsHosts: what a peer claims beside one host gains
// it nothing, and is not dialled in its name.
func TestOnePeerHasOneEntryForAllItsHosts(t *testing.T) {
	b := empty(4)
	a := signed(1, "5.6.7.8", begin)
	for n := range 50 {
		a.Addrs = append(a.Addrs, at(ip4(n, n), 8477)...)
	}
	for source := range 500 {
		a.Seq++
		b.mustAdd(t, begin, a, from(source))
		rand.New(rand.NewPCG(uint64(source), 1)).Shuffle(len(a.Addrs), func(i, j int) { a.Addrs[i], a.Addrs[j] = a.Addrs[j], a.Addrs[i] })
	}
	e, _ := b.Lookup(id(1))
	if fresh, tried := b.Len(); fresh != 1 || tried != 0 || e.Group.String() != "5.6.0.0/16" || len(e.Addrs) != 2 {
		t.Errorf("%d + %d entries, %+v", fresh, tried, e)
	}
	b.check(t)
}

func TestSourcesAndGroupsReachFewBuckets(t *testing.T) {
	b := empty(5)
	buckets := map[int]bool{}
	for n := range 5000 {
		b.mustAdd(t, begin, signed(n, ip4(1, n), begin), from(7)) // one source, one netgroup
	}
	if fresh, _ := b.Len(); fresh > 64 {
		t.Errorf("a source has placed %d entries of one netgroup, a bucket has 64 slots", fresh)
	}
	for n := range 5000 {
		b.mustAdd(t, begin, signed(10_000+n, ip4(n, n), begin), from(7)) // one source, many netgroups
	}
	for i, e := range b.fresh.slots {
		if e != nil {
			buckets[i/b.cfg.Slots] = true
		}
	}
	if len(buckets) > b.cfg.SourceBuckets {
		t.Errorf("a source reaches %d buckets", len(buckets))
	}
	clear(buckets)
	for n := range 5000 { // one netgroup, many sources: tried
		b.mustAdd(t, begin, signed(20_000+n, ip4(2, n), begin), from(n))
		b.Good(begin, id(20_000+n), nil, 1)
	}
	for i, e := range b.tried.slots {
		if e != nil {
			buckets[i/b.cfg.Slots] = true
		}
	}
	if len(buckets) > b.cfg.GroupBuckets {
		t.Errorf("a netgroup reaches %d buckets of tried", len(buckets))
	}
	b.check(t)
}

// table of autonomous systems: all of 5.0.0.0/8 and 6.0.0.0/8 are one.
type oneAS struct{}

func (oneAS) AS(ip netip.Addr) (uint32, bool) {
	if first := ip.As4()[0]; first == 5 || first == 6 {
		return 3320, true
	}
	return 0, false
}

func TestGroups(t *testing.T) {
	b := New(DefaultConfig(), secret(1), rand.NewPCG(1, 1), oneAS{})
	for ip, want := range map[string]string{
		"5.6.7.8": "AS3320", "6.1.2.3": "AS3320", "7.8.9.10": "7.8.0.0/16", "::ffff:7.8.9.10": "7.8.0.0/16",
	} {
		if got := b.Group(netip.MustParseAddr(ip)).String(); got != want {
			t.Errorf("%s is of %s, want %s", ip, got, want)
		}
	}
	if got := empty(1).Group(netip.MustParseAddr("2001:db8:1::1")).String(); got != "2001:db8::/32" {
		t.Errorf("IPv6: %s", got)
	}
	if Seed("a.example") == Seed("b.example") || Operator.String() != "operator" {
		t.Error("sources are mixed up")
	}
}

func TestSharedHostsAreApart(t *testing.T) {
	cfg := DefaultConfig()
	cfg.SharedHosts = true
	b := New(cfg, secret(1), rand.NewPCG(1, 1), nil)
	for n := range 200 {
		b.mustAdd(t, begin, Advert{Peer: id(n), Addrs: at("127.0.0.1", 1000+n), Seen: begin}, Operator)
	}
	// 200 entries fall into 4,096 slots of 64 buckets: five collide on average,
	// and 20 or more do less than once in a million.
	if fresh, _ := b.Len(); fresh < 180 {
		t.Errorf("%d of 200 nodes on one address are known", fresh)
	}
	b.check(t)
}

func TestNewerRecordMovesAPeer(t *testing.T) {
	b := empty(6)
	moved := signed(1, "9.9.9.9", begin)
	moved.Seq = 5
	b.mustAdd(t, begin, signed(1, "5.6.7.8", begin), from(1))
	b.Good(begin, id(1), nil, 1)

	for name, a := range map[string]Advert{
		"an older one":        {Peer: id(1), Addrs: moved.Addrs, Record: moved.Record, Seq: 1, Seen: begin},
		"nobody's signature":  {Peer: id(1), Addrs: moved.Addrs, Seq: 9, Seen: begin},
		"too long to be kept": {Peer: id(1), Addrs: moved.Addrs, Record: make([]byte, MaxRecord+1), Seq: 9, Seen: begin},
	} {
		b.mustAdd(t, begin, a, from(2))
		if e, _ := b.Lookup(id(1)); e.Group.String() != "5.6.0.0/16" || !e.Tried {
			t.Errorf("%s moves it: %+v", name, e)
		}
	}
	b.mustAdd(t, begin, moved, from(2))
	if e, _ := b.Lookup(id(1)); e.Group.String() != "9.9.0.0/16" || e.Tried || e.Seq != 5 {
		t.Errorf("a newer record: %+v", e)
	}
	both := signed(1, "8.8.8.8", begin)
	both.Addrs = append(both.Addrs, at("9.9.9.9", 1234)...)
	both.Seq = 6
	b.mustAdd(t, begin, both, from(3))
	if e, _ := b.Lookup(id(1)); e.Group.String() != "9.9.0.0/16" || e.Addrs[0].String() != "/ip4/9.9.9.9/tcp/1234" {
		t.Errorf("a record that still names its host: %+v", e)
	}
	both.Addrs, both.Seq = nil, 7
	if _, err := b.Add(begin, both, from(3)); !errors.Is(err, ErrNoAddress) {
		t.Errorf("a record without addresses: %v", err)
	}
	b.check(t)
}

// TestEntryIsWhereItAnswered: a peer may list a host of another netgroup first, to
// be placed there; once a link is up its place is that of the link.
func TestEntryIsWhereItAnswered(t *testing.T) {
	b := empty(7)
	b.mustAdd(t, begin, signed(1, "5.6.7.8", begin), from(1))
	b.Good(begin, id(1), at("66.6.6.6", 99)[0], 1)
	if e, _ := b.Lookup(id(1)); e.Group.String() != "66.6.0.0/16" || !e.Tried || len(e.Addrs) != 1 {
		t.Errorf("%+v", e)
	}
	b.Good(begin, id(1), at("77.7.7.7", 99)[0], 1) // from tried, too
	b.check(t)
	if e, _ := b.Lookup(id(1)); e.Group.String() != "77.7.0.0/16" || !e.Tried {
		t.Errorf("%+v", e)
	}
	b.Good(begin, id(1), multiaddr.StringCast("/dns4/x/tcp/1"), 1) // says nothing
	b.Good(begin, id(2), nil, 1)                                   // nobody
	if fresh, tried := b.Len(); fresh != 0 || tried != 1 {
		t.Errorf("%d + %d entries", fresh, tried)
	}
}

func TestTimesThatCannotBeTrue(t *testing.T) {
	b := empty(8)
	for n, seen := range []time.Time{{}, begin.Add(time.Hour), begin.Add(100 * 365 * 24 * time.Hour), time.Unix(-1, 0), time.Unix(5, 0), time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0)} {
		b.mustAdd(t, begin, signed(n, ip4(n, 1), seen), from(n))
		if e, _ := b.Lookup(id(n)); !e.Seen.Equal(begin.Add(-unlikely - hearsay)) {
			t.Errorf("%v counts as %v", seen, e.Seen)
		}
	}
	direct := signed(9, "9.9.9.9", begin)
	direct.Direct = true
	b.mustAdd(t, begin, direct, from(9))
	if e, _ := b.Lookup(id(9)); !e.Seen.Equal(begin) {
		t.Errorf("a peer's own word counts as %v", e.Seen)
	}
}

func TestSeenMovesInSteps(t *testing.T) {
	b := empty(9)
	b.mustAdd(t, begin, signed(1, "5.6.7.8", begin.Add(-48*time.Hour)), from(1))
	for _, s := range []struct {
		now, told, want time.Duration // since begin
	}{
		{time.Hour, time.Hour, -time.Hour},                     // a fresh word: the new time less two hours
		{90 * time.Minute, 90 * time.Minute, -time.Hour},       // within the step
		{5 * time.Hour, 4 * time.Hour, 2 * time.Hour},          //
		{80 * time.Hour, 20 * time.Hour, 2 * time.Hour},        // an old word, within a day
		{80 * time.Hour, 40 * time.Hour, 38 * time.Hour},       //
		{80 * time.Hour, 10 * time.Hour, 38 * time.Hour},       // never backwards
		{1000 * time.Hour, 999 * time.Hour, 997 * time.Hour},   //
		{1000 * time.Hour, 1100 * time.Hour, 997 * time.Hour},  // from the future
		{1001 * time.Hour, 1001 * time.Hour, 999 * time.Hour},  //
		{1001 * time.Hour, 1001 * time.Hour, 999 * time.Hour},  //
		{1005 * time.Hour, 1005 * time.Hour, 1003 * time.Hour}, //
	} {
		b.mustAdd(t, begin.Add(s.now), signed(1, "5.6.7.8", begin.Add(s.told)), from(1))
		if e, _ := b.Lookup(id(1)); !e.Seen.Equal(begin.Add(s.want)) {
			t.Errorf("at %v, told %v: seen %v, want %v", s.now, s.told, e.Seen.Sub(begin), s.want)
		}
	}
	now := begin.Add(1006 * time.Hour)
	b.Good(now, id(1), nil, 1)
	if e, _ := b.Lookup(id(1)); !e.Seen.Equal(begin.Add(1003 * time.Hour)) {
		t.Error("a handshake shows in the time that others are told")
	}
	b.Connected(now, id(1))
	b.Connected(now.Add(10*time.Minute), id(1))
	if e, _ := b.Lookup(id(1)); !e.Seen.Equal(now) {
		t.Errorf("after a link: seen %v", e.Seen)
	}
	b.Connected(now, id(2)) // nobody
}

package reputation

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
)

func TestConfigValidate(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Config){
		"breach":         func(c *Config) { c.Breach = math.NaN() },
		"threshold":      func(c *Config) { c.Threshold = 0 },
		"host threshold": func(c *Config) { c.HostThreshold = c.Threshold - 1 },
		"half-life":      func(c *Config) { c.HalfLife = 0 },
		"ban time":       func(c *Config) { c.BanTime = -1 },
	} {
		bad := DefaultConfig()
		if spoil(&bad); bad.Validate() == nil {
			t.Errorf("%s that cannot work passes", name)
		}
	}
}

func TestBansEnd(t *testing.T) {
	l := ledger("friend")
	if cost, banned := l.Charge(begin, party("villain", ""), lie, false); cost != Exclude || len(banned) != 1 {
		t.Errorf("a liar: %v, %v", cost, banned)
	}
	if cost, banned := l.Charge(begin, party("friend", "1.2.3.4"), lie, false); cost != Exclude || banned != nil {
		t.Errorf("a peer that the operator named: %v, %v; its link ends, no more", cost, banned)
	}
	for after, want := range map[time.Duration]bool{0: true, BanTime - 1: true, BanTime: false} {
		if _, got := l.Banned(begin.Add(after), "villain"); got != want {
			t.Errorf("banned after %v: %v", after, got)
		}
	}
	l.Charge(begin.Add(time.Hour), party("villain", ""), lie, false)
	if _, again := l.Banned(begin.Add(BanTime), "villain"); !again {
		t.Error("a second ban does not start anew")
	}
	for _, p := range []peer.ID{"friend", "stranger"} {
		if _, hit := l.Banned(begin, p); hit {
			t.Errorf("%s is hit", p)
		}
	}
}

// TestBreachesAddUpAndAreForgotten: 30 points each, halved every hour: n of them
// with r = 2^(−t/60 min) between two are 30 (1 − rⁿ) ⁄ (1 − r).
func TestBreachesAddUpAndAreForgotten(t *testing.T) {
	for every, want := range map[time.Duration]int{ // between two breaches → breaches until the ban, 0 = never
		0: 4, 10 * time.Minute: 4, 20 * time.Minute: 6, 25 * time.Minute: 7, 30 * time.Minute: 11, 31 * time.Minute: 0, time.Hour: 0,
	} {
		l, got := ledger(), 0
		for n := 1; n <= 200 && got == 0; n++ {
			cost, banned := l.Charge(begin.Add(time.Duration(n)*every), party("p", ""), slip, false)
			if (cost == Exclude) != (len(banned) == 1) || cost < Disconnect {
				t.Fatalf("breach %d costs %v, bans %v", n, cost, banned)
			}
			if len(banned) > 0 {
				got = n
			}
		}
		if got != want {
			t.Errorf("a breach every %v: banned after %d, want %d", every, got, want)
		}
	}
}

// TestWhatTheNetworkDoesNeverBans: an honest peer on a bad link may be slow, cut off
// and silent all day.
func TestWhatTheNetworkDoesNeverBans(t *testing.T) {
	l := ledger()
	for i := range 10_000 {
		r := []events.Reason{
			events.NoAnswer, events.TooSlow, events.Truncated, events.NoStatus, events.Stalled, events.Busy, events.NotFound,
			events.UnconnectedHeaders, events.InvalidTx, events.LowWorkHeaders, events.Unsupported,
		}[i%11]
		if _, banned := l.Charge(begin, party("p", "1.2.3.4"), r, false); banned != nil {
			t.Fatalf("banned for %s", r)
		}
	}
	if _, hit := l.BannedIP(begin, party("p", "1.2.3.4").IP); hit {
		t.Error("its host is banned")
	}
}

// TestSecondIDTakesItsHostAlong: ids are free.
func TestSecondIDTakesItsHostAlong(t *testing.T) {
	for name, c := range map[string]struct {
		first, second, other string
		want                 bool // other is banned
	}{
		"one address":       {"1.2.3.4", "1.2.3.4", "1.2.3.4", true},
		"mapped into IPv6":  {"1.2.3.4", "::ffff:1.2.3.4", "1.2.3.4", true},
		"another address":   {"1.2.3.4", "1.2.3.4", "1.2.3.5", false},
		"one /64":           {"2001:db8::1", "2001:db8::2", "2001:db8::3", true},
		"another /64":       {"2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", false},
		"two hosts":         {"1.2.3.4", "1.2.3.5", "1.2.3.4", false},
		"a private network": {"192.168.1.1", "192.168.1.1", "192.168.1.1", false},
		"carrier's NAT":     {"100.64.1.1", "100.64.1.1", "100.64.1.1", false},
		"this machine":      {"127.0.0.1", "127.0.0.1", "127.0.0.1", false},
		"link-local":        {"fe80::1%eth0", "fe80::1", "fe80::1", false},
	} {
		l := ledger()
		l.Charge(begin, party("a", c.first), lie, false)
		if _, hit := l.BannedIP(begin, party("", c.first).IP); hit {
			t.Errorf("%s: the first id takes its host along", name)
		}
		l.Charge(begin.Add(59*time.Minute), party("b", c.second), lie, false)
		if _, hit := l.BannedIP(begin, party("", c.other).IP); hit != c.want {
			t.Errorf("%s: banned %v", name, hit)
		}
	}
}

func TestCallerMayInsist(t *testing.T) {
	if cost, banned := ledger().Charge(begin, party("p", ""), events.NotFound, true); cost != Exclude || len(banned) != 1 {
		t.Errorf("%v, %v", cost, banned)
	}
}

func TestWhyTells(t *testing.T) {
	l := ledger()
	for n := range 10 {
		l.Charge(begin.Add(time.Duration(n)*time.Minute), party("p", "1.2.3.4"), events.NotFound, false)
	}
	l.Charge(begin.Add(10*time.Minute), party("p", "1.2.3.4"), slip, false)
	why := l.Why(begin.Add(70*time.Minute), OfPeer("p"))
	if len(why.Charges) != remembered || why.Charges[7].Reason != slip || why.Charges[7].Points != 30 ||
		why.Charges[0].Reason != events.NotFound || math.Abs(why.Points-15) > 0.01 || why.Ban != nil {
		t.Errorf("%+v", why)
	}
	if early := l.Why(begin.Add(-time.Hour), OfPeer("p")); math.Abs(early.Points-30) > 0.01 {
		t.Errorf("with the clock set back: %v points", early.Points)
	}
	if err := l.Ban(begin, subject(t, "1.2.0.0/16"), begin.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	host := l.Why(begin.Add(time.Hour), subject(t, "1.2.3.4"))
	if host.Ban == nil || host.Ban.String() != "1.2.0.0/16" || !host.Ban.Manual || len(host.Charges) != 1 {
		t.Errorf("%+v", host)
	}
	if nobody := l.Why(begin, OfPeer("q")); nobody.Points != 0 || nobody.Charges != nil || nobody.Ban != nil {
		t.Errorf("%+v", nobody)
	}
}

// TestIdentitiesByTheThousandCostLittle is row A6 of the hostile peers (CVE-2020-14198).
func TestIdentitiesByTheThousandCostLittle(t *testing.T) {
	l := ledger()
	for n := range 50_000 {
		l.Charge(begin.Add(time.Duration(n)*time.Millisecond), party(peer.ID(fmt.Sprint(n)), fmt.Sprintf("2001:db8:%x:%x::1", n/2>>8, n/2&0xff)), lie, false)
	}
	if len(l.bans.by) != maxBans || len(l.bans.queue) != maxBans || len(l.accounts) != maxAccounts || l.recent.Len() != maxAccounts {
		t.Errorf("%d bans, %d in order, %d accounts, %d in order", len(l.bans.by), len(l.bans.queue), len(l.accounts), l.recent.Len())
	}
	if len(l.bans.sizes) != 1 || len(l.bans.dirty) > maxDirty || len(l.bans.dirty) != len(l.bans.noted) {
		t.Errorf("lengths %v, %d records wait", l.bans.sizes, len(l.bans.dirty))
	}
	now := begin.Add(50 * time.Second)
	if _, hit := l.Banned(now, "49999"); !hit {
		t.Error("the last one is not banned")
	}
	if _, hit := l.Banned(now, "0"); hit {
		t.Error("not the oldest ban gave way")
	}
	l.Charge(begin.Add(48*time.Hour), party("x", ""), lie, false)
	if len(l.bans.by) != 1 || len(l.Bans(begin.Add(48*time.Hour))) != 1 {
		t.Errorf("%d bans are left after their time", len(l.bans.by))
	}
}

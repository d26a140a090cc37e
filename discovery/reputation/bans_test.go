package reputation

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestSubjectsAreReadBack(t *testing.T) {
	for text, want := range map[string]string{
		"1.2.3.4": "1.2.3.4", "1.2.3.4/24": "1.2.3.0/24", "::ffff:1.2.3.4": "1.2.3.4", "1.2.3.4/32": "1.2.3.4",
		"2001:db8::1": "2001:db8::1", "2001:db8::1/32": "2001:db8::/32",
		"12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN": "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN",
	} {
		s := subject(t, text)
		if s.String() != want || subject(t, want) != s {
			t.Errorf("%s is read as %s", text, s)
		}
	}
	for _, text := range []string{"", "1.2.3", "0.0.0.0/0", "::/0", "::ffff:1.2.3.0/120", "example.com", "1.2.3.4:80"} {
		if _, err := ParseSubject(text); !errors.Is(err, ErrSubject) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSubnetsAreFound(t *testing.T) {
	l := ledger()
	for _, s := range []string{"10.0.0.0/8", "1.2.3.0/24", "1.2.3.4", "2001:db8::/32"} {
		if err := l.Ban(begin, subject(t, s), begin.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	for ip, want := range map[string]bool{
		"10.9.9.9": true, "11.0.0.1": false, "1.2.3.4": true, "1.2.3.5": true, "1.2.4.5": false, "::ffff:1.2.3.5": true,
		"2001:db8:ffff::1": true, "2001:db9::1": false,
	} {
		if _, hit := l.BannedIP(begin, netip.MustParseAddr(ip)); hit != want {
			t.Errorf("%s is banned: %v", ip, hit)
		}
	}
	if _, hit := l.BannedIP(begin.Add(time.Hour), netip.MustParseAddr("10.9.9.9")); hit {
		t.Error("a subnet's ban does not end")
	}
	if _, hit := l.BannedIP(begin, netip.Addr{}); hit {
		t.Error("no address is banned")
	}
	if !l.Unban(subject(t, "1.2.3.0/24")) || l.Unban(subject(t, "1.2.3.0/24")) {
		t.Error("a ban is lifted once")
	}
	if _, hit := l.BannedIP(begin, netip.MustParseAddr("1.2.3.5")); hit {
		t.Error("a lifted ban holds")
	}
	if _, hit := l.BannedIP(begin, netip.MustParseAddr("1.2.3.4")); !hit {
		t.Error("lifting a subnet's ban lifts that of an address in it")
	}
	if got := fmt.Sprint(l.Bans(begin)); got == "[]" || len(l.Bans(begin)) != 3 {
		t.Errorf("bans: %s", got)
	}
}

func TestOperatorsBansStand(t *testing.T) {
	l := ledger("friend")
	week := begin.Add(7 * 24 * time.Hour)
	if err := l.Ban(begin, OfPeer("p"), week); err != nil {
		t.Fatal(err)
	}
	l.Charge(begin, party("p", ""), lie, false)
	if ban, _ := l.Banned(begin, "p"); !ban.Until.Equal(week) || !ban.Manual {
		t.Errorf("an automatic ban replaces the operator's: %+v", ban)
	}
	if err := l.Ban(begin, OfPeer("p"), begin.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if ban, _ := l.Banned(begin, "p"); !ban.Until.Equal(begin.Add(time.Minute)) {
		t.Errorf("the operator's second word does not count: %+v", ban)
	}
	if err := l.Ban(begin, OfPeer("friend"), week); err != nil {
		t.Fatal(err)
	}
	if _, hit := l.Banned(begin, "friend"); !hit {
		t.Error("the operator cannot ban a peer that he named")
	}
	for n := range 2 * maxBans { // automatic ones give way to the operator's
		l.Charge(begin, party(OfPeer("x").Peer+"y", fmt.Sprintf("2001:db8:%x:%x::1", n>>8, n&0xff)), lie, true)
	}
	var err error
	for n := 0; n < maxBans+1 && err == nil; n++ {
		err = l.Ban(begin, subject(t, fmt.Sprintf("1.%d.%d.0/24", n>>8, n&0xff)), week)
	}
	if !errors.Is(err, ErrFull) {
		t.Errorf("more bans than there is room for: %v", err)
	}
	if err := l.Ban(week, subject(t, "9.9.9.9"), week.Add(time.Hour)); err != nil {
		t.Errorf("bans that are over still fill the store: %v", err)
	}
}

func TestUnbanClosesTheAccount(t *testing.T) {
	l := ledger()
	for range 4 {
		l.Charge(begin, party("p", ""), slip, false)
	}
	if !l.Unban(OfPeer("p")) {
		t.Error("there was no ban")
	}
	if _, banned := l.Charge(begin, party("p", ""), slip, false); banned != nil {
		t.Error("old breaches count after the ban was lifted")
	}
}

// Whoever is banned is banned by the text that lists him, too.
func FuzzParseSubject(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "192.0.2.0/24", "2001:db8::1", "2001:db8::/48", "::ffff:192.0.2.1", "12D3KooWA4mYTaYTzCu6nEY5HgDHkbK8cDjBYcxsWQvyHXXSKsML", "0.0.0.0/0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSubject(text)
		if err != nil {
			return
		}
		if again, err := ParseSubject(s.String()); err != nil || again != s {
			t.Errorf("%q is read as %q, and that as %q (%v)", text, s, again, err)
		}
	})
}

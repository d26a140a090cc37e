package seeder

import (
	"fmt"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func up(height int32) Visit { return Visit{Up: true, Full: true, Height: height} }

// visitAll visits whoever is due, with what of says.
func visitAll(r *Roster, now time.Time, of func(Host) Visit) (visits int) {
	for {
		due := r.Due(now, 10)
		if len(due) == 0 {
			return visits
		}
		for _, h := range due {
			visits++
			r.Visited(now, h.ID, of(h))
		}
	}
}

func TestPeersAreNamedAfterAVisitAndWhileTheyAnswer(t *testing.T) {
	r := NewRoster()
	for i := range 5 {
		h := named(t, i, fmt.Sprintf("/ip4/11.%d.0.1/tcp/1", i))
		r.Learn(noon, h.ID, h.Addrs)
	}
	if n := len(r.Hosts(noon)); n != 0 {
		t.Errorf("%d are named that nobody has visited", n)
	}
	if n := visitAll(r, noon, func(Host) Visit { return up(100) }); n != 5 {
		t.Errorf("%d visits, want 5", n)
	}
	if n := len(r.Hosts(noon)); n != 5 {
		t.Errorf("%d of 5 are named", n)
	}
	if n := visitAll(r, noon.Add(r.every()-time.Second), func(Host) Visit { return up(100) }); n != 0 {
		t.Errorf("%d are visited again at once", n)
	}
	later := noon.Add(r.every())
	visitAll(r, later, func(h Host) Visit {
		if h.ID == named(t, 0).ID {
			return Visit{}
		}
		return up(100)
	})
	if n := len(r.Hosts(later)); n != 4 {
		t.Errorf("%d are named, one has gone", n)
	}
	if n := len(r.Hosts(later.Add(fresh + time.Second))); n != 0 {
		t.Errorf("%d are named that nobody has seen for %v", n, fresh)
	}
}

func TestLargeNetworksAreVisitedMoreSeldom(t *testing.T) {
	r := NewRoster()
	for i := range 1000 {
		if n, want := r.Len(), map[int]time.Duration{0: soonest, 100: 5 * time.Minute, 900: revisit}; want[n] != 0 && r.every() != want[n] {
			t.Errorf("%d peers are visited every %v, want %v", n, r.every(), want[n])
		}
		h := named(t, i, fmt.Sprintf("/ip4/11.%d.%d.1/tcp/1", i/50, i%50))
		r.Learn(noon, h.ID, h.Addrs)
	}
}

// Whoever is far behind most, or light, is no peer for a newcomer; whoever claims
// to be far ahead does not push the others out.
func TestNamedPeersAreSyncedAndFull(t *testing.T) {
	r := NewRoster()
	for i := range 6 {
		h := named(t, i, fmt.Sprintf("/ip4/11.%d.0.1/tcp/1", i))
		r.Learn(noon, h.ID, h.Addrs)
	}
	visits := []Visit{up(1000), up(1000 - behind), up(999 - behind), up(1 << 30), {Up: true, Height: 1000}, up(1000)}
	visitAll(r, noon, func(h Host) Visit {
		for i, v := range visits {
			if h.ID == named(t, i).ID {
				return v
			}
		}
		return Visit{}
	})
	if n := len(r.Hosts(noon)); n != 4 {
		t.Errorf("%d are named, want 4", n)
	}
}

// A peer that does not answer is tried ever more seldom, and then forgotten; it is
// visited by one visitor at a time.
func TestSilentPeersAreForgotten(t *testing.T) {
	r, h := NewRoster(), named(t, 1, "/ip4/11.0.0.1/tcp/1")
	r.Learn(noon, h.ID, h.Addrs)
	if r.Due(noon, 1); len(r.Due(noon, 1)) != 0 {
		t.Error("it is visited twice at once")
	}
	r.Visited(noon, h.ID, Visit{})
	visits, now := 1, noon
	for ; r.Len() > 0 && now.Sub(noon) < 30*24*time.Hour; now = now.Add(time.Minute) {
		visits += visitAll(r, now, func(Host) Visit { return Visit{} })
	}
	if visits != giveUp || now.Sub(noon) < 12*time.Hour {
		t.Errorf("forgotten after %d visits in %v", visits, now.Sub(noon))
	}
	if len(r.groups) != 0 {
		t.Error("its netgroup is not forgotten")
	}
}

// Nobody fills the roster from one netgroup, or at all.
func TestRosterIsBounded(t *testing.T) {
	r := NewRoster()
	for i := range 2 * maxInGroup {
		h := named(t, i, fmt.Sprintf("/ip4/11.0.%d.%d/tcp/1", i/250, i%250))
		r.Learn(noon, h.ID, h.Addrs)
	}
	if r.Len() != maxInGroup {
		t.Errorf("%d of one netgroup, want %d", r.Len(), maxInGroup)
	}
	for i := range maxKnown + 100 {
		h := named(t, i, fmt.Sprintf("/ip4/%d.%d.%d.1/tcp/1", 12+i/60_000, i/250%250, i%250))
		r.Learn(noon, h.ID, h.Addrs)
	}
	if r.Len() > maxKnown {
		t.Errorf("%d are known, want %d at most", r.Len(), maxKnown)
	}
}

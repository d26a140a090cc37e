package addrbook

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
)

// systems is a table of so many autonomous systems, which share the /16 among them.
type systems uint32

func (s systems) AS(ip netip.Addr) (uint32, bool) {
	raw := ip.As4()
	return 1 + (uint32(raw[0])<<8|uint32(raw[1]))%uint32(s), true
}

// A table of autonomous systems that comes, changes or goes puts the entries of a stored book
// into the buckets of their new groups; what finds its slot taken is left out, and the secret
// and all else stay.
func TestAnotherTableSortsTheBookAnew(t *testing.T) {
	b := filled(t, 2, 2000, 400)
	store := map[peer.ID][]byte{}
	save := func(b *Book) {
		for _, r := range b.Changes(1 << 20) {
			if r.Value == nil {
				delete(store, r.Peer)
			} else {
				store[r.Peer] = r.Value
			}
		}
	}
	save(b)
	for _, c := range []struct {
		name   string
		as     ASTable
		groups int // at most, in either table
	}{
		{"a table comes", systems(500), 500},
		{"another one", systems(40), 40},
		{"none any more", nil, 1 << 16},
	} {
		before := maps.Clone(store)
		again, loss := Restore(DefaultConfig(), b.secret, rand.NewPCG(1, 1), c.as, stored(store))
		again.check(t)
		if loss.Damaged > 0 || len(again.all)+loss.Crowded != len(before) || len(again.all) < len(before)*3/4 {
			t.Errorf("%s: %d of %d entries are kept, %+v", c.name, len(again.all), len(before), loss)
		}
		if fresh, tried := again.Groups(); fresh > c.groups || tried > c.groups {
			t.Errorf("%s: %d and %d groups", c.name, fresh, tried)
		}
		for e := range again.All() {
			ip := again.byPeer[e.Peer].host().ip
			if want := again.Group(ip); e.Group != want {
				t.Errorf("%s: %v is in %v, want %v", c.name, ip, e.Group, want)
			}
		}
		save(again)
	}
}

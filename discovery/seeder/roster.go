package seeder

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/pappus-network/pappus/discovery/netgroup"
)

// Rules of the crawl. It is polite: a peer of a large network is visited twice an hour,
// for as long as a handshake and one answer take.
const (
	// revisit is the time between two visits of a peer that answers, in a network
	// of more than 600; in a smaller one it is a share of that for each peer, and
	// soonest at least, so that a network that grows from a handful is seen to.
	revisit = 30 * time.Minute
	portion = 3 * time.Second
	soonest = time.Minute
	// retry is the first between two of one that does not, which doubles up to slowest.
	retry   = 10 * time.Minute
	slowest = 8 * time.Hour
	// fresh is how old the last visit of a peer may be that is named.
	fresh = 2 * revisit
	// behind is how many blocks a peer that is named may lack of the median.
	behind = 6
	// maxKnown bounds how many peers are known, of 500 bytes; maxInGroup how many
	// of them one netgroup has.
	maxKnown   = 20_000
	maxInGroup = 100
	// giveUp is after how many visits in vain, in a row, a peer is forgotten.
	giveUp = 10
)

// Visit is what came of a visit.
type Visit struct {
	Up     bool // the handshake succeeded
	Full   bool // it is a full node
	Height int32
}

// known is a peer.
type known struct {
	Host
	group  netip.Prefix
	next   time.Time // of a visit
	seen   time.Time // last up
	last   Visit
	failed int // in a row
	away   bool
}

// Roster knows which peers there are, whom to visit next and whom to name. It is pure,
// and not safe for concurrent use.
type Roster struct {
	peers  map[peer.ID]*known
	groups map[netip.Prefix]int
}

// NewRoster returns one that knows nobody.
func NewRoster() *Roster {
	return &Roster{peers: make(map[peer.ID]*known), groups: make(map[netip.Prefix]int)}
}

// Learn adds a peer, or replaces the addresses of one that does not answer at those
// that are known. One of a crowded netgroup is not added.
func (r *Roster) Learn(now time.Time, id peer.ID, addrs []multiaddr.Multiaddr) {
	if len(addrs) == 0 {
		return
	}
	ip := netgroup.IPOf(addrs[0])
	if !ip.IsValid() {
		return
	}
	if k := r.peers[id]; k != nil {
		if k.failed > 0 {
			k.Addrs = addrs
		}
		return
	}
	g := siteOf(ip)
	if len(r.peers) >= maxKnown || r.groups[g] >= maxInGroup && !ip.IsLoopback() {
		return
	}
	r.groups[g]++
	r.peers[id] = &known{Host: Host{ID: id, Addrs: addrs}, group: g, next: now}
}

// Due returns up to n peers to visit, those first that have waited longest. They are
// not due again before their visit is told.
func (r *Roster) Due(now time.Time, n int) []Host {
	var due []*known
	for _, k := range r.peers {
		if !k.away && !now.Before(k.next) {
			due = append(due, k)
		}
	}
	slices.SortFunc(due, func(a, b *known) int {
		return cmp.Or(a.next.Compare(b.next), strings.Compare(string(a.ID), string(b.ID)))
	})
	hosts := make([]Host, 0, n)
	for _, k := range due[:min(n, len(due))] {
		k.away = true
		hosts = append(hosts, k.Host)
	}
	return hosts
}

// Visited tells what came of a visit.
func (r *Roster) Visited(now time.Time, id peer.ID, v Visit) {
	k := r.peers[id]
	if k == nil {
		return
	}
	k.away, k.last = false, v
	if v.Up {
		k.seen, k.failed, k.next = now, 0, now.Add(r.every())
		return
	}
	if k.failed++; k.failed >= giveUp {
		delete(r.peers, id)
		if r.groups[k.group]--; r.groups[k.group] == 0 {
			delete(r.groups, k.group)
		}
		return
	}
	k.next = now.Add(min(retry<<(k.failed-1), slowest))
}

// every is the time between two visits.
func (r *Roster) every() time.Duration {
	return min(max(time.Duration(len(r.peers))*portion, soonest), revisit)
}

// Hosts returns the peers that are worth naming: full, reachable at their last visit,
// which was lately, and about as far as most.
func (r *Roster) Hosts(now time.Time) []Host {
	var up []*known
	for _, k := range r.peers {
		if k.last.Up && k.last.Full && now.Sub(k.seen) <= fresh {
			up = append(up, k)
		}
	}
	if len(up) == 0 {
		return nil
	}
	// By height, and by id so that a map's order shows nowhere.
	slices.SortFunc(up, func(a, b *known) int {
		return cmp.Or(cmp.Compare(a.last.Height, b.last.Height), strings.Compare(string(a.ID), string(b.ID)))
	})
	least := up[len(up)/2].last.Height - behind
	hosts := make([]Host, 0, len(up))
	for _, k := range up {
		if k.last.Height >= least {
			hosts = append(hosts, k.Host)
		}
	}
	return hosts
}

// Len is how many peers are known.
func (r *Roster) Len() int { return len(r.peers) }

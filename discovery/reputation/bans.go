package reputation

import (
	"container/heap"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
)

// BanTime is how long a peer that broke a rule no honest peer breaks stays
// out. Source: Bitcoin Core's default for -bantime.
const BanTime = 24 * time.Hour

// maxBans bounds the memory that an attacker with many identities can take:
// 10,000 × ~250 bytes = 2.5 MB. The ban that ends first gives way, if the operator
// did not set it.
const maxBans = 10_000

// ErrFull is returned if the operator's own bans fill the store.
var ErrFull = errors.New("too many bans of yours: lift some, or ban a subnet")

// Ban keeps a subject out for a time.
type Ban struct {
	Subject
	From, Until time.Time
	Reason      events.Reason
	Manual      bool // set by the operator
}

// held is a ban in its store.
type held struct {
	Ban
	at int // index in queue; -1 = manual, not in it
}

// bans are who is kept out. Each look-up is a few of hash maps: of addresses, one
// for each length of prefix in use, and only the operator adds lengths.
type bans struct {
	by    map[Subject]*held
	queue queue           // automatic ones, the first to end first
	bits  map[int]int     // how many nets of a length; IPv6 as -length
	sizes []int           // the lengths, in order
	dirty []string        // keys of records to be written or deleted
	noted map[string]bool // in dirty
}

func newBans() bans {
	return bans{by: make(map[Subject]*held), bits: make(map[int]int), noted: make(map[string]bool)}
}

// sizeOf returns a prefix's length, with a sign for its family.
func sizeOf(net netip.Prefix) int {
	if net.Addr().Is6() {
		return -net.Bits()
	}
	return net.Bits()
}

// set enters a ban. One of the same subject is replaced, but never a manual one by
// an automatic one, nor a longer one by a shorter one that is automatic.
func (b *bans) set(now time.Time, ban Ban) error {
	for len(b.queue) > 0 && !now.Before(b.queue[0].Until) {
		b.lift(b.queue[0].Subject)
	}
	if old := b.by[ban.Subject]; old != nil && now.Before(old.Until) && !ban.Manual && (old.Manual || old.Until.After(ban.Until)) {
		return nil
	}
	b.lift(ban.Subject)
	if len(b.by) >= maxBans && !b.makeRoom(now) {
		return ErrFull
	}
	h := &held{Ban: ban, at: -1}
	b.by[ban.Subject] = h
	if !ban.Manual {
		heap.Push(&b.queue, h)
	}
	if ban.Net.IsValid() {
		b.count(sizeOf(ban.Net), 1)
	}
	b.touch(ban.Subject)
	return nil
}

// makeRoom lifts one ban: an automatic one, else one of the operator's that is over.
func (b *bans) makeRoom(now time.Time) bool {
	if len(b.queue) > 0 {
		b.lift(b.queue[0].Subject)
		return true
	}
	over := b.list(now, func(h *held) bool { return !now.Before(h.Until) })
	for _, ban := range over {
		b.lift(ban.Subject)
	}
	return len(over) > 0
}

// lift ends a ban and says whether there was one.
func (b *bans) lift(s Subject) bool {
	h := b.by[s]
	if h == nil {
		return false
	}
	delete(b.by, s)
	if h.at >= 0 {
		heap.Remove(&b.queue, h.at)
	}
	if s.Net.IsValid() {
		b.count(sizeOf(s.Net), -1)
	}
	b.touch(s)
	return true
}

func (b *bans) count(size, change int) {
	b.bits[size] += change
	at, known := slices.BinarySearch(b.sizes, size)
	switch {
	case b.bits[size] == 0:
		delete(b.bits, size)
		b.sizes = slices.Delete(b.sizes, at, at+1)
	case !known:
		b.sizes = slices.Insert(b.sizes, at, size)
	}
}

// of returns the ban of a peer.
func (b *bans) of(now time.Time, p peer.ID) (Ban, bool) {
	h := b.by[OfPeer(p)]
	if h == nil || !now.Before(h.Until) {
		return Ban{}, false
	}
	return h.Ban, true
}

// at returns a ban of an address.
func (b *bans) at(now time.Time, ip netip.Addr) (Ban, bool) {
	ip = ip.Unmap().WithZone("")
	for _, size := range b.sizes {
		if ip.Is6() != (size < 0) {
			continue
		}
		net, err := ip.Prefix(max(size, -size))
		if err != nil {
			continue // the zero address
		}
		if h := b.by[Subject{Net: net}]; h != nil && now.Before(h.Until) {
			return h.Ban, true
		}
	}
	return Ban{}, false
}

// list returns bans by their subjects' names.
func (b *bans) list(_ time.Time, which func(*held) bool) []Ban {
	var all []Ban
	for _, h := range b.by {
		if which(h) {
			all = append(all, h.Ban)
		}
	}
	slices.SortFunc(all, func(x, y Ban) int { return strings.Compare(x.String(), y.String()) })
	return all
}

// queue is a heap by the end of bans.
type queue []*held

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if !q[i].Until.Equal(q[j].Until) {
		return q[i].Until.Before(q[j].Until)
	}
	return q[i].From.Before(q[j].From)
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

// Push implements heap.Interface.
func (q *queue) Push(x any) {
	h, _ := x.(*held) // set pushes nothing else
	h.at = len(*q)
	*q = append(*q, h)
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := len(*q) - 1
	h := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	h.at = -1
	return h
}

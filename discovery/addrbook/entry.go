package addrbook

import (
	"math"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// maxSources bounds [Config.Sources], so that a stored entry has a size.
const maxSources = 16

// When an entry is worth nothing. Source: Bitcoin Core's AddrInfo::IsTerrible.
const (
	// inTrial spares an entry whose dial may be under way.
	inTrial = time.Minute
	// future is how far ahead of ours a clock may be.
	future = 10 * time.Minute
	// retries is how many dials in vain an entry may have had that never answered;
	// failures how many one that did, if the last answer is older than giveUp.
	retries  = 3
	failures = 10
	giveUp   = 7 * 24 * time.Hour
)

// How the chance to be picked falls. Source: Bitcoin Core's AddrInfo::GetChance.
const (
	// recent is how long after a dial another one is worth little.
	recent       = 10 * time.Minute
	recentChance = 0.01
	// failedChance is the factor for each dial in vain, up to maxFailed: a peer
	// that was away comes back into view.
	failedChance = 0.66
	maxFailed    = 8
)

// Entry is what the book knows of a peer.
type Entry struct {
	Peer     peer.ID
	Addrs    []multiaddr.Multiaddr // all of one host
	Record   []byte                // signed envelope that holds the addresses; nil = nobody signed them
	Seq      uint64                // of the record
	Services uint64                // as of the last handshake or as told; 0 = not known
	Group    Group                 // netgroup of the address
	Sources  []Group               // that told of it, the first first
	Tried    bool                  // in the tried table
	Old      bool                  // it was in the book when that was restored

	Seen     time.Time // when somebody last had a link to it, as the book was told; coarse on purpose
	Dialled  time.Time // last; zero = never
	Answered time.Time // last; zero = never
	Attempts int       // in vain since
}

// Info returns where to dial. Dial these addresses and no others of the peer: they
// are what its place in the book stands for.
func (e Entry) Info() peer.AddrInfo { return peer.AddrInfo{ID: e.Peer, Addrs: e.Addrs} }

// moment is a time in Unix seconds, 0 for never: four bytes where a time.Time has
// 24, four times an entry. It ends in 2106.
type moment uint32

func momentOf(t time.Time) moment {
	if t.IsZero() {
		return 0
	}
	return moment(min(max(t.Unix(), 0), math.MaxUint32))
}

func (m moment) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.Unix(int64(m), 0)
}

// age returns how long ago a moment was, negative if it is ahead.
func (m moment) age(now moment) time.Duration {
	return time.Duration(int64(now)-int64(m)) * time.Second
}

// entry is an entry in its tables. Strings share the record's memory where it
// holds them.
type entry struct {
	id       peer.ID
	addrs    addrs
	record   string
	seq      uint64
	services uint64
	group    Group
	// sources are the groups that told of it. While the entry is in new, each
	// stands for a slot; in tried the first is kept for the way back.
	sources []Group

	seen, dialled, answered, counted moment

	inCluster int32 // its index among the entries of its group in its table
	inAll     int32 // its index in the book's list
	attempts  uint16
	tried     bool
	dirty     bool // to be stored
	stored    bool // the store may have it
	old       bool // it was restored
	gone      bool // removed from the book
}

// host returns where the entry is.
func (e *entry) host() host {
	h, _ := e.addrs.host() // an entry has an address
	return h
}

// terrible says whether the entry may make way for any other.
func (e *entry) terrible(now moment, horizon time.Duration) bool {
	if dial := e.dialled.age(now); e.dialled != 0 && dial >= 0 && dial < inTrial {
		return false
	}
	switch seen := e.seen.age(now); {
	case e.seen == 0 || seen > horizon || seen < -future:
		return true
	case e.answered == 0:
		return e.attempts >= retries
	}
	return e.attempts >= failures && e.answered.age(now) > giveUp
}

// chance returns the entry's weight in a draw, (0, 1].
func (e *entry) chance(now moment) float64 {
	c := 1.0
	if dial := e.dialled.age(now); e.dialled != 0 && dial >= 0 && dial < recent {
		c = recentChance
	}
	return c * math.Pow(failedChance, float64(min(e.attempts, maxFailed)))
}

// view returns the entry as others see it.
func (e *entry) view() Entry {
	v := Entry{
		Peer: peer.ID(strings.Clone(string(e.id))), Addrs: e.addrs.list(), Seq: e.seq, Services: e.services,
		Group: e.group, Sources: append([]Group(nil), e.sources...), Tried: e.tried, Old: e.old,
		Seen: e.seen.time(), Dialled: e.dialled.time(), Answered: e.answered.time(), Attempts: int(e.attempts),
	}
	if e.record != "" {
		v.Record = []byte(e.record)
	}
	return v
}

// within returns s as a part of whole if it is one, so that it takes no memory of
// its own: a record holds its peer's id.
func within(whole, s string) string {
	if at := strings.Index(whole, s); at >= 0 {
		return whole[at : at+len(s)]
	}
	return strings.Clone(s)
}

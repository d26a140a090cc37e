package addrbook

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// linkStep is how much newer than the entry's time the end of a link must be to
// count. Source: Bitcoin Core's AddrMan::Connected.
const linkStep = 20 * time.Minute

// outage is how long dials in vain count as one: they find the same outage. Without
// it, whoever makes a node restart wears out the entries of peers that are away for
// an evening; his own answer always. Core has no such rule.
const outage = 4 * time.Hour

// Attempt says that a peer is being dialled. The dial counts as one in vain, until
// [Book.Good], if counts is set: set it when another link is up, as a node that is
// cut off must not blame its peers. For the same reason an entry is charged once
// until any dial has had an answer, and once in four hours at most. It returns whether
// it was charged.
func (b *Book) Attempt(now time.Time, p peer.ID, counts bool) (charged bool) {
	e := b.byPeer[p]
	if e == nil {
		return false
	}
	e.dialled = momentOf(now)
	if counts && (e.counted == 0 || e.counted < b.answered && e.counted.age(e.dialled) >= outage) {
		e.counted = e.dialled
		if e.attempts < failures {
			e.attempts++
			charged = true
		}
	}
	b.touch(e)
	return charged
}

// Excuse takes back what the last [Book.Attempt] has charged: the dial has failed, but
// by no fault of the peer's, who is there.
func (b *Book) Excuse(p peer.ID) {
	e := b.byPeer[p]
	if e == nil || e.attempts == 0 {
		return
	}
	e.attempts--
	e.counted = 0
	b.touch(e)
}

// Good says that a dial has ended in a handshake with a peer of this network, at
// the given address, nil for the entry's own, and which services it told of. The
// entry goes to tried, or contests its slot there; Good says whether it is in.
// An entry that answers at another host than it has is moved to that one: tried
// holds what was tried. Links that the peer opened are none of the book's business.
func (b *Book) Good(now time.Time, p peer.ID, at multiaddr.Multiaddr, services uint64) bool {
	e := b.byPeer[p]
	if e == nil {
		return false
	}
	m := momentOf(now)
	b.answered = max(b.answered, m)
	if at != nil {
		b.relocate(e, at)
	}
	e.answered, e.dialled, e.attempts = m, m, 0
	if services != 0 {
		e.services = services
	}
	b.touch(e)
	if e.tried {
		return true
	}
	return b.promote(m, e)
}

// Connected says that a link to a peer has just ended or lasts. The time at which
// it was seen moves now and not with [Book.Good], so that what the book tells
// others does not say to whom the node is linked.
func (b *Book) Connected(now time.Time, p peer.ID) {
	e := b.byPeer[p]
	if e == nil {
		return
	}
	if m := momentOf(now); e.seen.age(m) > linkStep {
		e.seen = m
		b.touch(e)
	}
}

// relocate moves an entry, into new, if it is not at this address' host.
func (b *Book) relocate(e *entry, at multiaddr.Multiaddr) {
	list, h, err := b.choose([]multiaddr.Multiaddr{at}, host{})
	if err != nil || b.same(h, e.host()) {
		return
	}
	b.demount(e)
	e.addrs, e.group = list, b.groupOf(h)
	b.push(e)
}

// demount takes an entry out of its table and keeps its first source.
func (b *Book) demount(e *entry) {
	if e.tried {
		b.tried.slots[b.triedSlot(e)] = nil
		b.tried.leave(e)
		e.tried = false
	} else {
		b.vacate(e)
	}
	e.sources = e.sources[:1]
}

// push puts an entry into its slot of new, whoever is there.
func (b *Book) push(e *entry) {
	source := e.sources[0]
	at := b.newSlot(e, source)
	if b.fresh.slots[at] != nil {
		b.clear(at)
	}
	e.sources = e.sources[:0]
	b.occupy(at, e, source)
}

// promote moves an entry of new to tried, or has it contest its slot.
func (b *Book) promote(now moment, e *entry) bool {
	at := b.triedSlot(e)
	if b.tried.slots[at] != nil {
		b.contend(now, e)
		return false
	}
	b.demount(e)
	e.tried = true
	b.tried.slots[at] = e
	b.tried.join(e)
	b.touch(e)
	return true
}

package addrbook

import (
	"slices"
	"time"
)

// contest is an entry of new that wants a slot of tried in which another one is.
type contest struct {
	newcomer *entry
	since    moment
}

// proven is how long ago an entry may have answered to be left alone. Source:
// Bitcoin Core's ADDRMAN_REPLACEMENT.
const proven = 4 * time.Hour

// contend begins a contest if there is room for one.
func (b *Book) contend(now moment, e *entry) {
	again := slices.ContainsFunc(b.contests, func(c contest) bool { return c.newcomer == e })
	if !again && len(b.contests) < b.cfg.Contests {
		b.contests = append(b.contests, contest{e, now})
	}
}

// settle ends the contests that can be decided. Unlike Core's, the one whose test
// was not made in time ends for the entry that is there: without a dial in vain
// nobody loses a slot of tried.
func (b *Book) settle(now moment) {
	kept := b.contests[:0]
	for _, c := range b.contests {
		if !b.decide(now, c) {
			kept = append(kept, c)
		}
	}
	clear(b.contests[len(kept):])
	b.contests = kept
}

// decide settles a contest and says whether it is over.
func (b *Book) decide(now moment, c contest) bool {
	e := c.newcomer
	if e.gone || e.tried {
		return true
	}
	there := b.tried.slots[b.triedSlot(e)]
	switch {
	case there == nil:
		return b.promote(now, e)
	case there.answered.age(now) < proven:
		return true
	case there.dialled > c.since && there.dialled.age(now) >= inTrial:
		b.demount(there)
		b.push(there)
		return e.gone || b.promote(now, e) // push may have taken the newcomer's last slot
	}
	return c.since.age(now) > b.cfg.TestWindow
}

// Feeler returns an entry to dial for the sake of the book alone: the holder of a
// contested slot of tried, else an entry of new. Dial it, say so with
// [Book.Attempt], then [Book.Good] if it answers, and end the link. Of a peer to
// which there is a link already, say [Book.Good] at once. One feeler in two minutes
// is Bitcoin Core's rate.
func (b *Book) Feeler(now time.Time, q Query) (Entry, bool) {
	m := momentOf(now)
	b.settle(m)
	for _, c := range b.contests {
		if there := b.tried.slots[b.triedSlot(c.newcomer)]; there != nil && there.dialled <= c.since {
			return there.view(), true
		}
	}
	q.Table = NewTable
	return b.Pick(now, q)
}

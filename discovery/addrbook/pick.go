package addrbook

import (
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Table names the tables to pick from.
type Table int

// The choices.
const (
	AnyTable Table = iota // each with even odds: new is fresh, tried is proven
	NewTable
	TriedTable
)

// Query says which entries will do.
type Query struct {
	Table    Table
	Taken    []Group            // no entry of these netgroups: those of links that are up
	Services uint64             // all of these, as far as they are known
	Skip     func(peer.ID) bool // not this peer: it is linked, banned, just dialled; nil = none
}

// maxDraws bounds one pick: 512 draws of 20 ns. In a book where one entry in a
// hundred will do, one pick in 170 finds none.
const maxDraws = 512

// impatience is the factor by which each draw raises the next entry's chance, so
// that a book in which all have failed lately still gives one. Source: Bitcoin
// Core's AddrManImpl::Select_.
const impatience = 1.2

// Pick returns an entry to dial for a link, if it finds one that will do. A
// netgroup is drawn, then an entry of it. Core draws buckets, which an attacker
// with many addresses in few netgroups fills; to be drawn more often here takes
// more netgroups.
func (b *Book) Pick(now time.Time, q Query) (Entry, bool) {
	m := momentOf(now)
	b.settle(m)
	first, second := &b.fresh, &b.tried
	switch q.Table {
	case NewTable:
		second = first
	case TriedTable:
		first = second
	case AnyTable:
		if b.rng.IntN(2) == 0 {
			first, second = second, first
		}
	}
	e := b.draw(m, first, q)
	if e == nil && second != first {
		e = b.draw(m, second, q)
	}
	if e == nil {
		return Entry{}, false
	}
	return e.view(), true
}

// draw draws from one table until an entry will do and chance agrees.
func (b *Book) draw(now moment, t *table, q Query) *entry {
	if t.count == 0 {
		return nil
	}
	patience := 1.0
	for range maxDraws {
		c := t.clusters[b.rng.IntN(len(t.clusters))]
		e := c.entries[b.rng.IntN(len(c.entries))]
		if !q.fits(e) {
			continue
		}
		if b.rng.Float64() < patience*e.chance(now) {
			return e
		}
		patience *= impatience
	}
	return nil
}

// fits says whether an entry will do.
func (q Query) fits(e *entry) bool {
	return !slices.Contains(q.Taken, e.group) &&
		(e.services == 0 || e.services&q.Services == q.Services) &&
		(q.Skip == nil || !q.Skip(e.id))
}

// What an answer to getaddr tells at most. Sources: design.md §3; 23 % is Bitcoin's
// ever since.
const (
	// MaxShare is the most entries: with 400 bytes each, 1 MB.
	MaxShare = 2500
	// SharePercent is the most of all entries, so that nobody gets the whole book
	// by asking a few times.
	SharePercent = 23
)

// Share returns a sample of the signed entries that are worth a dial: at most
// [MaxShare], and [SharePercent] of the book. Give the same answer to all who ask
// within a day: a fresh one each time gives the book away piece by piece, and shows
// to whom the node was linked when.
func (b *Book) Share(now time.Time) []Entry {
	m := momentOf(now)
	most := min(MaxShare, len(b.all)*SharePercent/100)
	sample := make([]Entry, 0, most)
	for i := 0; i < len(b.all) && len(sample) < most; i++ {
		j := i + b.rng.IntN(len(b.all)-i)
		b.all[i], b.all[j] = b.all[j], b.all[i]
		b.all[i].inAll, b.all[j].inAll = int32(i), int32(j)
		if e := b.all[i]; e.record != "" && !e.terrible(m, b.cfg.Horizon) {
			sample = append(sample, e.view())
		}
	}
	return sample
}

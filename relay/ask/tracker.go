package ask

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Tracker decides which announced transaction is asked from whom. It is not safe
// for concurrent use. Time must not go backwards.
type Tracker struct {
	cfg   Config
	rand  *rand.Rand
	start time.Time // durations count from here: the first time we heard of

	txs     map[chainhash.Hash]*wanted
	sources roster
	heads   []time.Duration // by source, since when the first in its list is ready; nothing = none is
	delayed list            // by time: all wait equally long
	asked   list            // by time, too
	queued  int             // offers in the peers' lists: most often none, and nobody need be looked at
	number  uint64
}

// nothing is later than any time.
const nothing = time.Duration(math.MaxInt64)

// Request is what to ask a peer for.
type Request struct {
	Peer peer.ID
	Txs  []chainhash.Hash // in the order announced: parents come before children
}

// New returns a tracker without peers.
func New(cfg Config, src rand.Source) *Tracker {
	return &Tracker{cfg: cfg, rand: rand.New(src), txs: make(map[chainhash.Hash]*wanted)}
}

// Len returns how many transactions are wanted.
func (t *Tracker) Len() int { return len(t.txs) }

// Join adds a peer.
func (t *Tracker) Join(p peer.ID, inbound bool) {
	if t.sources.find(p) != nil {
		return
	}
	s := &source{id: p, inbound: inbound}
	t.sources.insert(s)
	t.heads = slices.Insert(t.heads, int(s.place), nothing)
}

// Leave removes a peer. What it owes is asked from others.
func (t *Tracker) Leave(now time.Time, p peer.ID) {
	t.since(now)
	gone := t.sources.find(p)
	if gone == nil {
		return
	}
	for len(gone.offers) > 0 {
		o := gone.offers[len(gone.offers)-1]
		t.fail(o)
		if t.txs[o.tx.hash] == o.tx { // others offer it
			t.drop(o)
			o.tx.offers = slices.DeleteFunc(o.tx.offers, func(x *offer) bool { return x == o })
		}
	}
	t.heads = slices.Delete(t.heads, int(gone.place), int(gone.place)+1)
	t.sources.remove(gone)
}

// Announced says that a peer offers transactions. What it offers already, or
// beyond what is remembered of it, is ignored.
func (t *Tracker) Announced(now time.Time, p peer.ID, hashes []chainhash.Hash) {
	at := t.since(now)
	s := t.sources.find(p)
	if s == nil {
		return
	}
	for _, h := range hashes {
		if len(s.offers) >= t.cfg.Remembered {
			return
		}
		tx := t.txs[h]
		if tx == nil {
			tx = &wanted{hash: h}
			t.txs[h] = tx
		} else if tx.offer(s) != nil {
			continue
		}
		t.number++
		o := &offer{
			tx: tx, from: s, at: at, index: int32(len(s.offers)),
			number: t.number, chance: t.rand.Uint32(),
		}
		tx.offers = append(tx.offers, o)
		s.offers = append(s.offers, o)
		if s.inbound {
			o.at += t.cfg.InboundDelay
			t.delayed.push(o)
			continue
		}
		t.ripen(o)
	}
}

// Known says that a transaction is here or not wanted: nobody is asked for it
// any more. What is announced again is asked for again.
func (t *Tracker) Known(hash chainhash.Hash) {
	if tx := t.txs[hash]; tx != nil {
		t.forget(tx)
	}
}

// Failed says that a peer that was asked for a transaction has not got it, or
// sent something else: the next one is asked. If it was not asked, or its time
// is out, nothing happens.
func (t *Tracker) Failed(now time.Time, p peer.ID, hash chainhash.Hash) {
	t.since(now)
	tx := t.txs[hash]
	if tx != nil && tx.asked != nil && tx.asked.from.id == p {
		t.fail(tx.asked)
	}
}

// Tick returns whom to ask for what at now, by peer id. What has been asked for
// counts as in flight until [Tracker.Known], [Tracker.Failed] or its time-out.
func (t *Tracker) Tick(now time.Time) []Request {
	at := t.since(now)
	for o := t.asked.head; o != nil && o.at <= at; o = t.asked.head {
		t.fail(o)
	}
	for o := t.delayed.head; o != nil && o.at <= at; o = t.delayed.head {
		t.delayed.remove(o)
		t.ripen(o)
	}
	var due []*offer
	for i := range t.heads {
		if t.queued == 0 {
			break
		}
		if t.heads[i] == nothing {
			continue
		}
		s := t.sources.all[i]
		// The first that is ready can be asked from its peer, if not from a
		// better one: each turn of the loop takes a transaction off the lists.
		for t.free(s) && s.ready.head != nil {
			o := t.best(s.ready.head.tx)
			t.ask(o, at)
			due = append(due, o)
		}
	}
	return requests(due)
}

// requests gathers offers by peer.
func requests(due []*offer) []Request {
	slices.SortFunc(due, func(a, b *offer) int {
		return cmp.Or(strings.Compare(string(a.from.id), string(b.from.id)), cmp.Compare(a.number, b.number))
	})
	var out []Request
	for i, o := range due {
		if i == 0 || due[i-1].from != o.from {
			out = append(out, Request{Peer: o.from.id})
		}
		r := &out[len(out)-1]
		r.Txs = append(r.Txs, o.tx.hash)
	}
	return out
}

// Next returns when [Tracker.Tick] has something to do, in the past if at once,
// zero if never. Every other method changes it.
func (t *Tracker) Next() time.Time {
	var first *offer
	for i, head := range t.heads {
		if t.queued == 0 {
			break
		}
		if head == nothing || first != nil && head >= first.at {
			continue
		}
		if s := t.sources.all[i]; t.free(s) {
			first = s.ready.head
		}
	}
	first = earlier(earlier(first, t.delayed.head), t.asked.head)
	if first == nil {
		return time.Time{}
	}
	return t.start.Add(first.at)
}

func earlier(a, b *offer) *offer {
	if a == nil || b != nil && b.at < a.at {
		return b
	}
	return a
}

// since returns now as a duration.
func (t *Tracker) since(now time.Time) time.Duration {
	if t.start.IsZero() {
		t.start = now
	}
	return now.Sub(t.start)
}

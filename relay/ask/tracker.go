package ask

import (
	"cmp"
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
	sources []*source // by id
	delayed list      // by time: all wait equally long
	asked   list      // by time, too
	queued  int       // offers in the peers' lists: most often none, and nobody need be looked at
	number  uint64
}

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
	if i, ok := t.find(p); !ok {
		t.sources = slices.Insert(t.sources, i, &source{id: p, inbound: inbound})
	}
}

// Leave removes a peer. What it owes is asked from others.
func (t *Tracker) Leave(now time.Time, p peer.ID) {
	t.since(now)
	i, ok := t.find(p)
	if !ok {
		return
	}
	gone := t.sources[i]
	t.sources = slices.Delete(t.sources, i, i+1)
	for len(gone.offers) > 0 {
		o := gone.offers[len(gone.offers)-1]
		t.fail(o)
		if t.txs[o.tx.hash] == o.tx { // others offer it
			t.drop(o)
			o.tx.offers = slices.DeleteFunc(o.tx.offers, func(x *offer) bool { return x == o })
		}
	}
}

// Announced says that a peer offers transactions. What it offers already, or
// beyond what is remembered of it, is ignored.
func (t *Tracker) Announced(now time.Time, p peer.ID, hashes []chainhash.Hash) {
	at := t.since(now)
	s := t.source(p)
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
	for _, s := range t.sources {
		if t.queued == 0 {
			break
		}
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
	for _, s := range t.sources {
		if t.queued == 0 {
			break
		}
		if s.ready.head != nil && t.free(s) {
			first = earlier(first, s.ready.head)
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

// find returns the index of a peer in sources.
func (t *Tracker) find(p peer.ID) (int, bool) {
	return slices.BinarySearchFunc(t.sources, p, func(s *source, p peer.ID) int {
		return strings.Compare(string(s.id), string(p))
	})
}

func (t *Tracker) source(p peer.ID) *source {
	if i, ok := t.find(p); ok {
		return t.sources[i]
	}
	return nil
}

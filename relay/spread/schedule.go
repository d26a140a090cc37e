package spread

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Schedule decides when to announce which transaction to whom. It is not safe
// for concurrent use. Without peers and transactions it takes 350 bytes, and
// 36 more for each peer, 60 with a timer of its own (8 outbound and 8 inbound: 1.1 kB).
type Schedule struct {
	shared  timer   // of the peers in sharing
	sharing circle  // the inbound peers; when flooding, all
	alone   circle  // peers with their own timers,
	own     []timer // which are these
	row     row
	draws   uint64
	dropped uint64

	cfg   Config
	rand  rand.Rand
	start time.Time // durations count from here: a third of a time's size
}

// Batch is what to announce to one peer, in one message.
type Batch struct {
	To  peer.ID
	Txs []chainhash.Hash // by hash; batches share memory: not to be changed
}

// New returns a schedule without peers.
func New(cfg Config, src rand.Source, now time.Time) *Schedule {
	return &Schedule{cfg: cfg, rand: *rand.New(src), start: now}
}

// Join adds a peer. It will be told of what is added from now on.
func (s *Schedule) Join(_ time.Time, p peer.ID, inbound bool) {
	if m, _ := s.member(p); m != nil {
		return
	}
	m := member{id: p, since: s.row.end}
	if inbound || s.cfg.Flood {
		s.sharing.insert(m)
		return
	}
	s.own = slices.Insert(s.own, s.alone.insert(m), timer{})
}

// Leave removes a peer.
func (s *Schedule) Leave(p peer.ID) {
	if i := s.alone.find(p); i >= 0 {
		s.alone.remove(i)
		s.own = slices.Delete(s.own, i, i+1)
		return
	}
	if i := s.sharing.find(p); i >= 0 {
		s.sharing.remove(i)
		if s.sharing.len() == 0 {
			s.shared.draw = 0
		}
	}
}

// member returns a peer and its timer.
func (s *Schedule) member(p peer.ID) (*member, *timer) {
	if i := s.alone.find(p); i >= 0 {
		return &s.alone.members[i], &s.own[i]
	}
	if i := s.sharing.find(p); i >= 0 {
		return &s.sharing.members[i], &s.shared
	}
	return nil, nil
}

// Add announces a transaction to every peer but those given and those that know
// it. What was added within the last minutes is not announced again.
func (s *Schedule) Add(now time.Time, tx chainhash.Hash, except ...peer.ID) {
	if _, ok := s.row.find(tx); !ok {
		at := now.Sub(s.start)
		s.forget(at)
		s.wait(s.row.push(tx, at), at)
		s.meet(tx)
	}
	for _, p := range except {
		s.Knows(p, tx)
	}
}

// wait makes every peer's timer run for a transaction that was just added. It
// does so for peers that know the transaction, too: whoever claims to know it
// cannot find out sooner whether we have it.
func (s *Schedule) wait(pos uint64, at time.Duration) {
	if s.sharing.len() > 0 {
		s.arm(&s.shared, s.sharing.members, s.cfg.Inbound, pos, at)
	}
	for i := range s.own {
		s.arm(&s.own[i], s.alone.members[i:i+1], s.cfg.Outbound, pos, at)
	}
}

// arm makes t run for the members' sake if it does not yet, and drops the oldest
// of what waits for it if that is too much.
func (s *Schedule) arm(t *timer, members []member, mean time.Duration, pos uint64, at time.Duration) {
	if !t.armed() {
		delay := s.cfg.Delay
		if !s.cfg.Flood {
			delay = time.Duration(s.rand.ExpFloat64() * float64(mean))
		}
		s.set(t, at+delay, pos)
		return
	}
	if pos-t.next < uint64(s.cfg.MaxQueue) {
		return
	}
	for i := range members {
		if members[i].wants(t.next) {
			s.dropped++
		}
	}
	t.next++
}

func (s *Schedule) set(t *timer, due time.Duration, next uint64) {
	s.draws++
	*t = timer{due: due, draw: s.draws, next: next}
}

// meet marks the newest transaction for the peers that have claimed to know it.
func (s *Schedule) meet(tx chainhash.Hash) {
	k, pos := key(tx), s.row.end-1
	for i := range s.sharing.members {
		if m := &s.sharing.members[i]; m.known != nil && m.known.met(k) {
			m.known.mark(pos, s.shared.next)
		}
	}
	for i := range s.alone.members {
		if m := &s.alone.members[i]; m.known != nil && m.known.met(k) {
			m.known.mark(pos, s.own[i].next)
		}
	}
}

// forget drops from the row what is old, and what is too much, but nothing that
// waits.
func (s *Schedule) forget(at time.Duration) {
	waits := s.row.end
	if s.shared.armed() {
		waits = min(waits, s.shared.next)
	}
	for i := range s.own {
		if t := &s.own[i]; t.armed() {
			waits = min(waits, t.next)
		}
	}
	most := max(rememberedTxs, s.cfg.MaxQueue+1)
	for s.row.first < waits && (s.row.len() >= most || s.row.entry(s.row.first).at+s.cfg.Remembered <= at) {
		s.row.pop()
	}
}

// Knows says that a peer has a transaction, because it has announced it or
// delivered it: it will not be told of it.
func (s *Schedule) Knows(p peer.ID, tx chainhash.Hash) {
	m, t := s.member(p)
	if m == nil {
		return
	}
	pos, ok := s.row.find(tx)
	switch {
	case !ok:
		m.knowledge().expect(key(tx))
	case !t.passed(pos):
		m.knowledge().mark(pos, t.next)
	}
}

// Told says whether a peer's turn to hear of a transaction has come: it was
// announced to it, or only was not because the peer knows it or its queue was
// full. Then it may be served to it: the answer tells no more than the timers
// did. What was added before the peer joined, more than 5 minutes ago or 65,536
// transactions ago is not remembered.
func (s *Schedule) Told(p peer.ID, tx chainhash.Hash) bool {
	m, t := s.member(p)
	if m == nil {
		return false
	}
	pos, ok := s.row.find(tx)
	return ok && pos >= m.since && t.passed(pos)
}

// Dropped returns how many announcements were not made because too many waited.
func (s *Schedule) Dropped() uint64 { return s.dropped }

// Next returns when [Schedule.Tick] has something to do, zero if never; after a
// drop there may be nothing. Leave, Add and Tick change it.
func (s *Schedule) Next() time.Time {
	var first *timer
	if s.shared.armed() {
		first = &s.shared
	}
	for i := range s.own {
		if t := &s.own[i]; t.armed() && (first == nil || t.due < first.due) {
			first = t
		}
	}
	if first == nil {
		return time.Time{}
	}
	return s.start.Add(first.due)
}

// turn is a timer that fires, and for whom.
type turn struct {
	*timer
	members []member
}

// Tick returns what to announce at now, in the order in which the timers were
// due.
func (s *Schedule) Tick(now time.Time) []Batch {
	at := now.Sub(s.start)
	var few [2]turn
	due := few[:0]
	if s.shared.armed() && s.shared.due <= at {
		due = append(due, turn{&s.shared, s.sharing.members})
	}
	for i := range s.own {
		if t := &s.own[i]; t.armed() && t.due <= at {
			due = append(due, turn{t, s.alone.members[i : i+1]})
		}
	}
	slices.SortFunc(due, func(a, b turn) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.draw, b.draw))
	})
	var out []Batch
	for _, t := range due {
		out = s.fire(out, t, at)
	}
	return out
}

// fire appends to out what waits for t, for each of its members.
func (s *Schedule) fire(out []Batch, t turn, at time.Duration) []Batch {
	var few [8]place // most turns are about one transaction
	order, end := s.waiting(few[:0], t.timer, at)
	var all []chainhash.Hash // made when somebody knows nothing of it
	for i := range t.members {
		m := &t.members[i]
		var txs []chainhash.Hash
		if m.wantsAll(t.next) {
			if all == nil {
				all = s.wanted(order, func(uint64) bool { return true })
			}
			txs = all
		} else {
			txs = s.wanted(order, m.wants)
		}
		for part := range slices.Chunk(txs, s.cfg.MaxBatch) {
			out = append(out, Batch{To: m.id, Txs: part})
		}
	}
	t.draw = 0
	if end < s.row.end {
		s.set(t.timer, s.row.entry(end).at+s.cfg.Delay, end)
	}
	return out
}

// wanted returns those of the transactions in order that are wanted.
func (s *Schedule) wanted(order []place, wants func(pos uint64) bool) []chainhash.Hash {
	var txs []chainhash.Hash
	for i, o := range order {
		if !wants(o.pos) {
			continue
		}
		if txs == nil {
			txs = make([]chainhash.Hash, 0, len(order)-i)
		}
		txs = append(txs, s.row.entry(o.pos).tx)
	}
	return txs
}

// place is a position, and what it sorts by: the first bytes of the hash, which
// nearly always decide.
type place struct{ first, pos uint64 }

// waiting appends to order the positions whose turn comes with t, by hash, and returns
// them and the first position after them.
func (s *Schedule) waiting(order []place, t *timer, at time.Duration) ([]place, uint64) {
	end := s.row.end
	if s.cfg.Flood {
		for end = t.next; end < s.row.end && s.row.entry(end).at+s.cfg.Delay <= at; {
			end++
		}
	}
	order = slices.Grow(order, int(end-t.next))
	for pos := t.next; pos < end; pos++ {
		order = append(order, place{binary.BigEndian.Uint64(s.row.entry(pos).tx[:]), pos})
	}
	slices.SortFunc(order, func(a, b place) int {
		if c := cmp.Compare(a.first, b.first); c != 0 {
			return c
		}
		return bytes.Compare(s.row.entry(a.pos).tx[:], s.row.entry(b.pos).tx[:])
	})
	return order, end
}

package spread

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Batch is one announcement.
type Batch struct {
	To  peer.ID
	Txs []chainhash.Hash // sorted: their order tells nothing of when they came
}

// Schedule decides when peers are told of transactions. It is not safe for
// concurrent use.
type Schedule struct {
	cfg     Config
	rng     *rand.Rand
	peers   []*listener // sorted by id
	inbound time.Time   // the timer that all inbound peers share; zero = nothing waits
	dropped uint64
}

// New returns a schedule without peers.
func New(cfg Config, src rand.Source) *Schedule { return &Schedule{cfg: cfg, rng: rand.New(src)} }

func (s *Schedule) find(p peer.ID) (int, bool) {
	return slices.BinarySearchFunc(s.peers, p, func(l *listener, p peer.ID) int {
		return bytes.Compare([]byte(l.id), []byte(p))
	})
}

// Join adds a peer. It is told of what is added from now on.
func (s *Schedule) Join(p peer.ID, inbound bool) {
	if at, ok := s.find(p); !ok {
		s.peers = slices.Insert(s.peers, at, &listener{id: p, inbound: inbound})
	}
}

// Leave drops a peer.
func (s *Schedule) Leave(p peer.ID) {
	if at, ok := s.find(p); ok {
		s.peers = slices.Delete(s.peers, at, at+1)
	}
}

// Add queues a transaction for every peer but the given ones and those that know
// it.
func (s *Schedule) Add(now time.Time, tx chainhash.Hash, except ...peer.ID) {
	for _, l := range s.peers {
		if slices.Contains(except, l.id) {
			l.told.add(tx, s.cfg.MaxTold)
			continue
		}
		if l.told.has(tx) {
			continue
		}
		if l.push(waiting{tx, now.Add(s.cfg.Delay)}, s.cfg.MaxQueue) {
			s.dropped++
		}
		s.arm(now, l)
	}
}

// arm starts the peer's timer. An exponential timer that runs from the first
// transaction on cannot be told from one that runs always: it has no memory.
func (s *Schedule) arm(now time.Time, l *listener) {
	switch {
	case s.cfg.Flood:
	case l.inbound:
		if s.inbound.IsZero() {
			s.inbound = s.draw(now, s.cfg.Inbound)
		}
	case l.due.IsZero():
		l.due = s.draw(now, s.cfg.Outbound)
	}
}

func (s *Schedule) draw(now time.Time, mean time.Duration) time.Time {
	return now.Add(time.Duration(s.rng.ExpFloat64() * float64(mean)))
}

// Knows notes that a peer has a transaction: it told us, or asked for it.
func (s *Schedule) Knows(p peer.ID, tx chainhash.Hash) {
	if at, ok := s.find(p); ok {
		s.peers[at].told.add(tx, s.cfg.MaxTold)
	}
}

// Told says whether a peer was told of a transaction, or told us.
func (s *Schedule) Told(p peer.ID, tx chainhash.Hash) bool {
	at, ok := s.find(p)
	return ok && s.peers[at].told.has(tx)
}

// Dropped is how many announcements were dropped because a peer's queue was full.
func (s *Schedule) Dropped() uint64 { return s.dropped }

// Tick returns what is to be announced at now, by peer.
func (s *Schedule) Tick(now time.Time) []Batch {
	shared := !s.inbound.IsZero() && !now.Before(s.inbound)
	if shared {
		s.inbound = time.Time{}
	}
	var batches []Batch
	for _, l := range s.peers {
		if l.len() == 0 {
			continue
		}
		switch {
		case s.cfg.Flood:
			batches = s.tell(batches, l, func(w waiting) bool { return !now.Before(w.due) })
		case l.inbound:
			if shared {
				batches = s.tell(batches, l, func(waiting) bool { return true })
			}
		case !now.Before(l.due):
			l.due = time.Time{}
			batches = s.tell(batches, l, func(waiting) bool { return true })
		}
	}
	return batches
}

// tell appends what a peer is told, in announcements of the size allowed.
func (s *Schedule) tell(batches []Batch, l *listener, due func(waiting) bool) []Batch {
	txs := l.take(due)
	slices.SortFunc(txs, func(a, b chainhash.Hash) int { return bytes.Compare(a[:], b[:]) })
	txs = slices.Compact(txs)
	for _, tx := range txs {
		l.told.add(tx, s.cfg.MaxTold)
	}
	for part := range slices.Chunk(txs, s.cfg.MaxBatch) {
		batches = append(batches, Batch{l.id, part})
	}
	return batches
}

// Next is when Tick has something to return; zero = not before something is added.
func (s *Schedule) Next() time.Time {
	next := s.inbound
	for _, l := range s.peers {
		if l.len() == 0 {
			continue
		}
		due := l.due
		if s.cfg.Flood {
			due = l.queue[l.head].due
		}
		if !due.IsZero() && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	return next
}

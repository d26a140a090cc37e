package blocksync

import (
	"context"
	"math/big"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// member is one joined peer. Its fields belong to the Sync's lock unless they
// say otherwise.
type member struct {
	id     peer.ID
	full   bool               // it serves blocks
	gone   bool               // it has left
	cancel context.CancelFunc // ends its goroutines; nil before they run

	// What the peer is known to have: the best header that it sent or named.
	best    chainhash.Hash
	height  int32          // of best
	work    *big.Int       // of best; nil: nothing known
	claimed chainhash.Hash // what its status said, until that is in the tree; zero: nothing
	claims  int32          // the height that its status said
	vouches int32          // up to which height it has said to have blocks: in its status, or by an announcement

	// Blocks.
	joined    bool             // the schedule may ask it
	outbox    []chainhash.Hash // to be asked for
	owed      int              // asked for, answer awaited
	asked     chan struct{}    // signals the outbox; holds one
	lastBlock time.Time
	missing   bool // its last answer was that it does not have the block

	// Headers.
	announced []wire.BlockHeader // the last announcement, not yet looked at
	nudge     chan struct{}      // signals announced; holds one
}

func newMember(p peer.ID, best chainhash.Hash, height int32, full bool) *member {
	return &member{
		id: p, full: full, claimed: best, claims: height, vouches: height,
		asked: make(chan struct{}, 1), nudge: make(chan struct{}, 1),
	}
}

// poke signals a channel that holds one signal.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// learn notes that m has the header, if it is the best that m is known to have.
// It reports whether it is.
func (s *Sync) learn(m *member, hash chainhash.Hash) bool {
	e, ok := s.tree.Lookup(hash)
	if !ok || s.tree.Invalid(hash) {
		return false
	}
	stale := m.work == nil || s.tree.Invalid(m.best)
	if !stale && m.work.Cmp(e.Work) >= 0 {
		return false
	}
	m.best, m.height, m.work = hash, e.Height, e.Work
	return true
}

// tell lets the schedule know how far m has the plan.
func (s *Sync) tell(m *member) {
	if m.claimed != (chainhash.Hash{}) && s.tree.Has(m.claimed) {
		s.learn(m, m.claimed)
		m.claimed = chainhash.Hash{}
	}
	if !m.joined || m.work == nil {
		return
	}
	if fork, ok := s.tree.Fork(m.best, s.target); ok {
		s.schedule.Has(m.id, fork.Height)
	}
}

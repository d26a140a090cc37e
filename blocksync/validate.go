package blocksync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// maxOrphans is how many blocks in a row may miss their parent. Once is a
// reorganisation that our plan has not followed yet; more is a fault of ours,
// which would make us fetch the same blocks for ever.
const maxOrphans = 3

// validate accepts blocks in height order until ctx ends.
func (s *Sync) validate(ctx context.Context) error {
	for ctx.Err() == nil {
		hash, b, ok := s.turn()
		if !ok {
			select {
			case <-ctx.Done():
			case <-s.fed:
			}
			continue
		}
		if err := s.verdict(hash, b.from, s.chain.AcceptChecked(b.block)); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the chain may be closing
			}
			return err
		}
	}
	return nil
}

// turn returns the next block to validate, if it is here.
func (s *Sync) turn() (chainhash.Hash, body, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash, _, ok := s.schedule.Ready()
	if !ok {
		return hash, body{}, false
	}
	b := s.bodies[hash]
	delete(s.bodies, hash)
	return hash, b, true
}

// verdict follows up what became of a block. Blame goes to its sender; other
// errors are returned.
func (s *Sync) verdict(hash chainhash.Hash, from peer.ID, err error) error {
	var blame *chain.BlockError
	switch {
	case err == nil:
		s.accepted(hash)
		return nil
	case errors.As(err, &blame):
		s.blame(hash, from, blame)
		return nil
	case errors.Is(err, chain.ErrNoParent):
		return s.orphaned(hash, err)
	}
	return fmt.Errorf("accept block %v: %w", hash, err)
}

func (s *Sync) accepted(hash chainhash.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.orphans = 0
	s.pace.validated(now)
	s.schedule.Done(now, hash)
	s.steer(now)
	s.advance(now)
}

// blame charges the sender of a bad block and goes on without it: a mutated one
// comes from somebody else, an invalid one ends its branch.
func (s *Sync) blame(hash chainhash.Hash, from peer.ID, blame *chain.BlockError) {
	s.mu.Lock()
	now := time.Now()
	s.schedule.Refused(now, from, hash)
	if blame.Reason != events.MutatedBlock {
		s.replan(now)
	}
	s.advance(now)
	s.mu.Unlock()
	if blame.Hash != hash {
		return // an ancestor on a side branch is at fault; who sent it is forgotten
	}
	s.report(from, &exchange.PeerError{Peer: from, Reason: blame.Reason, Ban: true, Err: blame})
}

// orphaned makes a new plan: the chain has moved under the old one.
func (s *Sync) orphaned(hash chainhash.Hash, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.orphans++; s.orphans > maxOrphans {
		return fmt.Errorf("accept block: %w", err)
	}
	now := time.Now()
	s.schedule.Lost(now, hash)
	s.replan(now)
	s.advance(now)
	return nil
}

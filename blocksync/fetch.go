package blocksync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/blocksync/schedule"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/objects"
)

// unread is how many requests may wait for the reader of a stream. A request
// carries a run of blocks, so that a few dozen are all that can be under way.
const unread = 64

// fetch asks m for the blocks that the schedule wants from it, until m leaves.
// A stream is opened when there is something to ask and closed after a rest.
func (s *Sync) fetch(ctx context.Context, m *member) error {
	wait := s.cfg.RetryMin
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.asked:
		}
		began := time.Now()
		err := s.converse(ctx, m)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the peer has left or we stop
		}
		if err == nil {
			continue
		}
		s.report(m.id, err)
		if s.lose(m).After(began) {
			wait = s.cfg.RetryMin // it has delivered meanwhile
		}
		if !sleep(ctx, wait) {
			return nil
		}
		wait = min(2*wait, s.cfg.RetryMax)
		s.regain(m)
	}
}

// converse runs one stream until it has rested long enough, which is no error,
// or fails.
func (s *Sync) converse(ctx context.Context, m *member) error {
	session, err := s.blocks.OpenBlocks(ctx, m.id)
	if err != nil {
		return fmt.Errorf("open stream for blocks: %w", err)
	}
	defer func() { _ = session.Close() }() // it is of no use any more either way
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	owed := make(chan []chainhash.Hash, unread)
	read := make(chan error, 1)
	// It ends when owed is closed or its session fails.
	go func() { read <- s.read(ctx, m, session, owed) }()
	asking := s.ask(ctx, m, session, owed, read)
	close(owed)
	if asking == nil || errors.Is(asking, errReader) {
		return <-read
	}
	cancel() // do not wait for answers to earlier requests
	if err := <-read; err != nil && !errors.Is(err, context.Canceled) {
		return err // the reader knows better why the stream broke
	}
	return asking
}

// errReader says that the reader of a stream has ended.
var errReader = errors.New("the reader has ended")

// ask sends requests until the stream has rested long enough.
func (s *Sync) ask(ctx context.Context, m *member, session BlockSession, owed chan<- []chainhash.Hash, read chan error) error {
	rest := time.NewTimer(s.cfg.Rest)
	defer rest.Stop()
	for {
		if hashes := s.takeOutbox(m); len(hashes) > 0 {
			if err := session.Request(ctx, hashes); err != nil {
				return fmt.Errorf("ask for blocks: %w", err)
			}
			select {
			case owed <- hashes:
			case err := <-read:
				read <- err
				return errReader
			}
			continue
		}
		rest.Reset(s.cfg.Rest)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-read:
			read <- err
			return errReader
		case <-m.asked:
		case <-rest.C:
			if s.resting(m) {
				return nil
			}
		}
	}
}

// takeOutbox returns what is to be asked for; from then on m owes it.
func (s *Sync) takeOutbox(m *member) []chainhash.Hash {
	s.mu.Lock()
	defer s.mu.Unlock()
	hashes := m.outbox
	m.outbox = nil
	m.owed += len(hashes)
	return hashes
}

// resting reports whether m owes nothing and is asked for nothing.
func (s *Sync) resting(m *member) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return m.owed == 0 && len(m.outbox) == 0
}

// read takes the answers to the requests in owed, in their order, until owed is
// closed or the stream fails.
func (s *Sync) read(ctx context.Context, m *member, session BlockSession, owed <-chan []chainhash.Hash) error {
	for hashes := range owed {
		for _, hash := range hashes {
			a, err := session.Next(ctx)
			if err == nil && a.Hash != hash {
				err = exchange.Charge(m.id, events.WrongBlock, "it sent %v when asked for %v", a.Hash, hash)
			}
			if err != nil {
				if exchange.ReasonOf(err) == events.MutatedBlock {
					s.refused(m, hash)
				}
				return fmt.Errorf("await block %v: %w", hash, err)
			}
			s.arrived(m, a)
		}
	}
	return nil
}

// arrived takes one answer.
func (s *Sync) arrived(m *member, a objects.Result) {
	var price int64
	if a.Block != nil {
		price = cost(a.Block, a.Bytes)
	}
	s.mu.Lock()
	if !m.joined {
		s.mu.Unlock()
		return
	}
	now := time.Now()
	m.owed--
	// A peer that is catching up itself sends headers of blocks that it does not have yet.
	lacks := a.Block == nil && s.vouchedFor(m, a.Hash)
	first := lacks && !m.missing
	m.missing = lacks
	if a.Block == nil {
		s.schedule.Missing(now, m.id, a.Hash)
	} else {
		m.lastBlock = now
		s.pace.received(now, a.Bytes)
		verdict, evicted := s.schedule.Received(now, m.id, a.Hash, a.Bytes, price)
		for _, h := range evicted {
			delete(s.bodies, h)
		}
		if verdict == schedule.Keep {
			s.bodies[a.Hash] = body{block: a.Block, from: m.id}
			poke(s.fed)
		}
	}
	s.advance(now)
	s.mu.Unlock()
	if first {
		s.report(m.id, exchange.Charge(m.id, events.NotFound, "it has said to have block %v, or one above it", a.Hash))
	}
}

// vouchedFor says whether m has said to have a block. The lock is held.
func (s *Sync) vouchedFor(m *member, hash chainhash.Hash) bool {
	e, ok := s.tree.Lookup(hash)
	return ok && e.Height <= m.vouches
}

// refused notes that m sent something else for the block.
func (s *Sync) refused(m *member, hash chainhash.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.joined {
		now := time.Now()
		s.schedule.Refused(now, m.id, hash)
		s.advance(now)
	}
}

// lose takes m's blocks off it after its stream has failed. It returns when m
// delivered last.
func (s *Sync) lose(m *member) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !m.gone {
		s.dismiss(m, time.Now())
	}
	return m.lastBlock
}

// regain lets m be asked for blocks again.
func (s *Sync) regain(m *member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enlist(m, time.Now())
}

// sleep waits, and reports whether ctx has not ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

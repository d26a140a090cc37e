package blocksync

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// follower keeps our headers in step with one peer's. One goroutine owns it.
type follower struct {
	s *Sync
	m *member

	asked       time.Time      // when the peer was asked last
	pending     chainhash.Hash // an announced header that connects to nothing; zero: none
	unconnected int            // how often that stayed so although the peer was asked
	failures    int            // in a row
}

// follow asks m for headers when it joins, when it announces some that connect
// to nothing, and from time to time, until it leaves. It returns only errors of
// our own.
func (s *Sync) follow(ctx context.Context, m *member) error {
	f := &follower{s: s, m: m}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			timer.Reset(f.ask(ctx))
		case <-m.nudge:
			if f.announced() {
				timer.Reset(max(0, f.s.cfg.AskAgain-time.Since(f.asked)))
			}
		}
		if err := s.ownFault(); err != nil {
			return err
		}
	}
}

// ask asks the peer for all headers that it has beyond ours and returns when to
// ask again.
func (f *follower) ask(ctx context.Context) time.Duration {
	f.asked = time.Now()
	pending := f.pending
	progress, err := f.s.pull(ctx, f.m)
	if ctx.Err() != nil || f.s.ownFault() != nil {
		return f.s.cfg.QuietPoll // nobody will ask again
	}
	if err != nil {
		f.s.report(f.m.id, err)
		f.failures++
		return f.s.draw(min(f.s.cfg.AskAgain<<min(f.failures, 16), f.s.cfg.QuietPoll))
	}
	f.failures = 0
	f.s.hear()
	f.judge(pending)
	if progress {
		return f.s.draw(f.s.cfg.Poll)
	}
	return f.s.draw(f.s.cfg.QuietPoll)
}

// judge counts an announced header that connects to nothing although the peer
// has since sent all that it has.
func (f *follower) judge(pending chainhash.Hash) {
	if pending == (chainhash.Hash{}) {
		return
	}
	if f.pending == pending {
		f.pending = chainhash.Hash{}
	}
	if f.s.tree.Has(pending) {
		f.unconnected = 0
		return
	}
	if f.unconnected++; f.unconnected >= f.s.cfg.MaxUnconnected {
		f.unconnected = 0
		f.s.report(f.m.id, exchange.Charge(f.m.id, events.UnconnectedHeaders, "announces headers that it does not send when asked, such as %v", pending))
	}
}

// announced looks at what the peer has announced. It reports whether the peer
// must be asked for what lies between.
func (f *follower) announced() bool {
	headers := f.s.takeAnnounced(f.m)
	if len(headers) == 0 {
		return false
	}
	w := f.s.weigh(headers)
	switch w.kind {
	case unconnected:
		f.pending = headers[len(headers)-1].BlockHash()
		return true
	case known:
		f.s.learnLast(f.m, headers)
		f.s.vouched(f.m, headers)
	case heavy:
		f.unconnected = 0
		if err := f.s.accept(f.m, headers[w.known:]); err != nil && f.s.ownFault() == nil {
			f.s.report(f.m.id, err)
		}
		f.s.vouched(f.m, headers)
	case light:
		// Nobody needs it: less work than what we have a day ahead of it.
	}
	return false
}

// vouched notes that m has the blocks of headers that it has announced: whoever announces
// one has it, and what is below.
func (s *Sync) vouched(m *member, headers []wire.BlockHeader) {
	last, ok := s.tree.Lookup(headers[len(headers)-1].BlockHash())
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.vouches = max(m.vouches, last.Height)
}

// takeAnnounced returns the last announcement of m.
func (s *Sync) takeAnnounced(m *member) []wire.BlockHeader {
	s.mu.Lock()
	defer s.mu.Unlock()
	headers := m.announced
	m.announced = nil
	return headers
}

// hear notes that a peer has sent all the headers that it has.
func (s *Sync) hear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = true
}

// fail notes an error of our own, which ends Run.
func (s *Sync) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		s.fault = err
	}
}

func (s *Sync) ownFault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

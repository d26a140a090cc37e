package blocksync

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/blocksync/presync"
	"github.com/pappus-network/pappus/protocols/headers"
)

// maxTail bounds what is put behind other hashes into a locator, to stay within
// what a getheaders may carry.
const maxTail = headers.MaxLocator - 2

// pull is one run of questions for headers, until the peer has no more. Long
// runs of good headers are taken in while the next ones are on their way.
type pull struct {
	s       *Sync
	m       *member
	session HeaderSession

	last      chainhash.Hash // the last header that the peer sent
	ahead     int            // questions put before the last answer was looked at
	void      int            // answers to come that are of no use any more
	skipped   bool           // the last question began at our best header, past the peer's last
	thorough  bool           // no skipping: what the peer has itself is to be learnt
	slot      bool           // it has one of the slots for long runs
	progress  bool
	vetting   *presync.Sync // nil: headers are not being vetted
	accepting chan error    // nil: nothing is being taken in
}

// pull asks m for all headers that it has beyond ours. It reports whether that
// brought anything new about them or about m.
func (s *Sync) pull(ctx context.Context, m *member) (progress bool, err error) {
	session, err := s.headers.OpenHeaders(ctx, m.id)
	if err != nil {
		return false, fmt.Errorf("open stream for headers: %w", err)
	}
	defer func() { _ = session.Close() }() // it is of no use any more either way
	p := &pull{s: s, m: m, session: session}
	defer p.release()
	best := s.tree.Best()
	// From the parent of our best header, so that a peer in step with us has
	// one header to send and is heard, as Core does it.
	err = p.request(ctx, s.locator(best.Header.PrevBlock, best.Hash))
	for err == nil {
		var more bool
		if more, err = p.step(ctx); !more {
			break
		}
	}
	if settled := p.settle(); err == nil {
		err = settled
	}
	return p.progress, err
}

// step takes one answer and asks the next question, if there is one.
func (p *pull) step(ctx context.Context) (more bool, err error) {
	row, err := p.session.Next(ctx)
	if err != nil {
		return false, fmt.Errorf("await headers: %w", err)
	}
	if p.ahead > 0 {
		p.ahead--
	}
	if p.void > 0 {
		p.void--
		return true, nil
	}
	full := len(row) == headers.MaxHeaders
	if p.vetting != nil {
		return p.vet(ctx, row, full)
	}
	if len(row) == 0 {
		return p.dry(ctx)
	}
	first, before := row[0].PrevBlock, p.last
	p.last = row[len(row)-1].BlockHash()
	if full && first == before && p.accepting != nil && p.slot {
		// The run goes on: ask for what comes next at once.
		if err := p.askAhead(ctx); err != nil {
			return false, err
		}
	}
	if err := p.settle(); err != nil {
		return false, err
	}
	return p.digest(ctx, row, full)
}

// dry follows an empty answer. If the peer was asked past what it sent last, it
// may be behind us: ask from there, to learn what it has.
func (p *pull) dry(ctx context.Context) (more bool, err error) {
	if err := p.settle(); err != nil || !p.skipped {
		return false, err
	}
	p.skipped, p.thorough = false, true
	return true, p.request(ctx, p.s.locator(p.last, p.last))
}

// digest looks at headers that are the peer's to vouch for.
func (p *pull) digest(ctx context.Context, row []wire.BlockHeader, full bool) (more bool, err error) {
	w := p.s.weigh(row)
	switch w.kind {
	case unconnected:
		// The client has checked that they follow the locator, which is ours
		// or the headers before: those were not taken in.
		return false, nil
	case known:
		if !p.s.learnLast(p.m, row) {
			return false, nil // the same again, perhaps for ever
		}
		p.progress = true
	case light:
		if !full {
			return false, nil
		}
		p.startVetting(w)
		return p.vet(ctx, row[w.known:], full)
	case heavy:
		p.progress = true
		p.take(row[w.known:])
	}
	if !full || p.ahead > 0 {
		return full, nil
	}
	if err := p.awaitSlot(ctx); err != nil {
		return false, err
	}
	if w.kind == known {
		return true, p.askOn(ctx)
	}
	return true, p.askAhead(ctx)
}

// askOn asks for what follows headers that we had already, beginning with our
// best header if the peer's last is on its chain: others were faster.
func (p *pull) askOn(ctx context.Context) error {
	from := p.last
	best := p.s.tree.Best()
	if fork, ok := p.s.tree.Fork(p.last, best.Hash); ok && fork.Hash == p.last && best.Hash != p.last && !p.thorough {
		from, p.skipped = best.Hash, true
	}
	return p.request(ctx, p.s.locator(from, from))
}

// askAhead asks for what follows the peer's last header, which the tree need not
// hold yet.
func (p *pull) askAhead(ctx context.Context) error {
	p.ahead++
	p.skipped = false
	tail := p.s.tree.Best().Hash
	return p.request(ctx, p.s.locator(p.last, tail))
}

func (p *pull) request(ctx context.Context, locator []chainhash.Hash) error {
	if err := p.session.Request(ctx, locator, chainhash.Hash{}); err != nil {
		return fmt.Errorf("ask for headers: %w", err)
	}
	return nil
}

// locator returns first, whether the tree has it or not, and the locator of
// then, which it has.
func (s *Sync) locator(first, then chainhash.Hash) []chainhash.Hash {
	tail := s.tree.Locator(then)
	tail = tail[:min(len(tail), maxTail)]
	if first == (chainhash.Hash{}) || slices.Contains(tail, first) {
		first = then
	}
	if first == then {
		return tail
	}
	return append([]chainhash.Hash{first}, tail...)
}

// take begins to take headers in; settle says how that went.
func (p *pull) take(row []wire.BlockHeader) {
	p.accepting = make(chan error, 1)
	// It ends with the headers; settle waits for it.
	go func() { p.accepting <- p.s.accept(p.m, row) }()
}

// settle waits until the headers under way are taken in.
func (p *pull) settle() error {
	if p.accepting == nil {
		return nil
	}
	err := <-p.accepting
	p.accepting = nil
	return err
}

// awaitSlot takes one of the slots for long runs. Who has waited long enough
// goes on without, so that slow peers cannot keep the others out.
func (p *pull) awaitSlot(ctx context.Context) error {
	if p.slot {
		return nil
	}
	patience := time.NewTimer(p.s.cfg.PullerPatience)
	defer patience.Stop()
	select {
	case p.s.slots <- struct{}{}:
		p.slot = true
	case <-patience.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (p *pull) release() {
	if p.slot {
		<-p.s.slots
	}
}

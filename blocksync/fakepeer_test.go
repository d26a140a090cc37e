package blocksync

import (
	"context"
	"slices"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headers"
	"github.com/pappus-network/pappus/protocols/objects"
)

// fakePeer serves a chain over a link with a rate and a delay. Its fields may be
// changed under the world's lock.
type fakePeer struct {
	id     peer.ID
	chain  []*btcutil.Block // from height 1
	tree   *headertree.Tree
	rate   float64 // bytes per second; 0 = no bound
	delay  time.Duration
	size   int // that each block is pretended to have; 0 = its own
	silent bool
	lacks  func(height int) bool
	sends  func(b *btcutil.Block) (objects.Result, error) // instead of the block
	row    func(locator []chainhash.Hash) []wire.BlockHeader
	refuse error // instead of opening a stream

	free   time.Time // the link has sent everything
	asks   int       // getheaders
	opened int       // streams for blocks
	served int       // blocks
}

// adopt makes blocks the peer's chain.
func (p *fakePeer) adopt(blocks []*btcutil.Block) {
	p.chain, p.tree = blocks, headertree.New(params)
	if _, err := p.tree.Add(time.Now(), headersOf(blocks)); err != nil {
		panic(err)
	}
}

func headersOf(blocks []*btcutil.Block) []wire.BlockHeader {
	row := make([]wire.BlockHeader, len(blocks))
	for i, b := range blocks {
		row[i] = b.MsgBlock().Header
	}
	return row
}

// block returns the peer's block and its height.
func (p *fakePeer) block(h chainhash.Hash) (*btcutil.Block, int) {
	e, ok := p.tree.Lookup(h)
	if !ok || int(e.Height) > len(p.chain) || e.Height == 0 || *p.chain[e.Height-1].Hash() != h {
		return nil, 0
	}
	return p.chain[e.Height-1], int(e.Height)
}

// answer arrives at a time.
type answer[T any] struct {
	at    time.Time
	value T
	err   error
}

// receive waits for the next answer as an exchange does, 20 s at most.
func receive[T any](ctx context.Context, w *world, p *fakePeer, answers <-chan answer[T]) (T, error) {
	var none T
	ctx, cancel := context.WithTimeoutCause(ctx, 20*time.Second, exchange.Charge(p.id, events.NoAnswer, "silent"))
	defer cancel()
	select {
	case <-ctx.Done():
		return none, context.Cause(ctx)
	case a := <-answers:
		for {
			w.mu.Lock()
			silent := p.silent
			w.mu.Unlock()
			if !silent && !sleep(ctx, time.Until(a.at)) || silent && !sleep(ctx, 100*time.Millisecond) {
				return none, context.Cause(ctx)
			}
			if !silent {
				return a.value, a.err
			}
		}
	}
}

// send is when something of that size arrives that was asked for now.
func (p *fakePeer) send(size int) time.Time {
	begin := time.Now().Add(p.delay)
	if p.free.After(begin) {
		begin = p.free
	}
	p.free = begin
	if p.rate > 0 {
		p.free = begin.Add(time.Duration(float64(size) / p.rate * float64(time.Second)))
	}
	return p.free.Add(p.delay)
}

type fakeHeaders struct {
	w       *world
	p       *fakePeer
	answers chan answer[[]wire.BlockHeader]
}

func (s *fakeHeaders) Request(_ context.Context, locator []chainhash.Hash, _ chainhash.Hash) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.p.asks++
	if len(locator) > headers.MaxLocator {
		s.w.t.Errorf("locator of %d hashes", len(locator))
	}
	var row []wire.BlockHeader
	if s.p.row != nil {
		row = s.p.row(locator)
	} else {
		row = s.p.tree.After(locator, chainhash.Hash{}, headers.MaxHeaders)
	}
	a := answer[[]wire.BlockHeader]{at: s.p.send(81 * len(row)), value: row}
	if len(row) > 0 && !slices.Contains(locator, row[0].PrevBlock) {
		a.err = exchange.Charge(s.p.id, events.UnconnectedHeaders, "not in the locator")
	}
	s.answers <- a
	return nil
}

func (s *fakeHeaders) Next(ctx context.Context) ([]wire.BlockHeader, error) {
	return receive(ctx, s.w, s.p, s.answers)
}

func (s *fakeHeaders) Close() error { return nil }

type fakeBlocks struct {
	w       *world
	p       *fakePeer
	answers chan answer[objects.Result]
}

func (s *fakeBlocks) Request(_ context.Context, hashes []chainhash.Hash) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, h := range hashes {
		b, height := s.p.block(h)
		if b != nil && s.p.lacks != nil && s.p.lacks(height) {
			b = nil
		}
		r, size := objects.Result{Hash: h}, 61
		var err error
		if b != nil {
			size = s.p.size
			if raw, err := b.Bytes(); size == 0 && err == nil {
				size = len(raw)
			}
			r.Block, r.Bytes = b, size
			if s.p.sends != nil {
				r, err = s.p.sends(b)
			}
		}
		s.p.served++
		s.answers <- answer[objects.Result]{at: s.p.send(size), value: r, err: err}
	}
	return nil
}

func (s *fakeBlocks) Next(ctx context.Context) (objects.Result, error) {
	return receive(ctx, s.w, s.p, s.answers)
}

func (s *fakeBlocks) Close() error { return nil }

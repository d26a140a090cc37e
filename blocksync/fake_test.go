package blocksync

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/objects"
)

var params = &chaincfg.SimNetParams

// fakeChain takes every block whose parent it has, after a while, unless told
// otherwise.
type fakeChain struct {
	tree *headertree.Tree
	took time.Duration // for each block

	mu       sync.Mutex
	have     map[chainhash.Hash]bool
	tip      chain.Tip
	accepted []chainhash.Hash
	stored   int                            // headers
	verdicts map[chainhash.Hash]error       // instead of taking the block
	mutated  map[*btcutil.Block]bool        // bodies that are found to be mutated
	full     error                          // instead of taking anything
	headers  func([]wire.BlockHeader) error // instead of taking headers
}

func newFakeChain() *fakeChain {
	tree := headertree.New(params)
	genesis := tree.Best()
	return &fakeChain{
		tree: tree, have: map[chainhash.Hash]bool{genesis.Hash: true}, tip: chain.Tip{Hash: genesis.Hash},
		verdicts: make(map[chainhash.Hash]error), mutated: make(map[*btcutil.Block]bool),
	}
}

func (c *fakeChain) Headers() *headertree.Tree { return c.tree }

func (c *fakeChain) AcceptHeaders(now time.Time, row []wire.BlockHeader) (int, error) {
	if c.headers != nil {
		if err := c.headers(row); err != nil {
			return 0, err
		}
	}
	added, err := c.tree.Add(now, row)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stored += len(added)
	return len(added), err
}

func (c *fakeChain) AcceptChecked(b *btcutil.Block) error {
	time.Sleep(c.took)
	c.mu.Lock()
	defer c.mu.Unlock()
	hash, parent := *b.Hash(), b.MsgBlock().Header.PrevBlock
	switch {
	case c.full != nil:
		return c.full
	case c.have[hash]:
		return nil
	case !c.have[parent]:
		return chain.ErrNoParent
	case c.mutated[b]:
		return &chain.BlockError{Hash: hash, Reason: events.MutatedBlock, Err: errors.New("mutated")}
	}
	if err := c.verdicts[hash]; err != nil {
		c.tree.Invalidate(hash)
		return err
	}
	c.have[hash] = true
	c.accepted = append(c.accepted, hash)
	e, _ := c.tree.Lookup(hash)
	if now, _ := c.tree.Lookup(c.tip.Hash); e.Work.Cmp(now.Work) > 0 {
		c.tip = chain.Tip{Hash: hash, Height: e.Height}
	}
	return nil
}

func (c *fakeChain) Tip() chain.Tip {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tip
}

func (c *fakeChain) HaveBlock(h chainhash.Hash) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.have[h]
}

// world is all that a Sync deals with.
type world struct {
	t     *testing.T
	chain *fakeChain
	sync  *Sync
	cfg   Config

	mu      sync.Mutex
	peers   map[peer.ID]*fakePeer
	charges map[peer.ID][]events.Reason
	bans    map[peer.ID]bool
	events  []events.Event
}

// inBubble runs a test in virtual time, some time after the chains were made.
func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(25 * 365 * 24 * time.Hour)
		w := &world{
			t: t, chain: newFakeChain(), cfg: DefaultConfig(),
			peers: make(map[peer.ID]*fakePeer), charges: make(map[peer.ID][]events.Reason), bans: make(map[peer.ID]bool),
		}
		test(t, w)
	})
}

// start runs a Sync until the test ends; stop ends it earlier and returns what
// Run returned.
func (w *world) start() (stop func() error) { return w.run(w, w) }

// run is start with other askers.
func (w *world) run(headers HeaderAsker, blocks BlockAsker) (stop func() error) {
	w.sync = New(w.cfg, params, w.chain, headers, blocks, w.report, w.emit, slog.New(slog.DiscardHandler), rand.NewPCG(1, 2))
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- w.sync.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	w.t.Cleanup(func() { _ = stop() })
	return stop
}

func (w *world) report(p peer.ID, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.charges[p] = append(w.charges[p], exchange.ReasonOf(err))
	var charged *exchange.PeerError
	if errors.As(err, &charged) && charged.Ban {
		w.bans[p] = true
	}
}

func (w *world) emit(e events.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// charged reports whether p was charged for the reason.
func (w *world) charged(p *fakePeer, r events.Reason) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.charges[p.id], r)
}

// faults returns what p was charged for.
func (w *world) faults(p *fakePeer) []events.Reason {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.charges[p.id])
}

// everybodysFaults is the number of charges.
func (w *world) everybodysFaults() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.charges {
		n += len(c)
	}
	return n
}

// saw reports whether an event of the wanted kind was emitted.
func (w *world) saw(wanted func(events.Event) bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.events, wanted)
}

// count reads one of p's counters.
func (w *world) count(counter *int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return *counter
}

// storedHeaders is how many headers the chain has taken.
func (c *fakeChain) storedHeaders() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stored
}

// order is what the chain has taken, in its order.
func (c *fakeChain) order() []chainhash.Hash {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.accepted)
}

// peer adds a peer with a fast link that has the chain, and joins it.
func (w *world) peer(name string, blocks []*btcutil.Block) *fakePeer {
	p := w.stranger(name, blocks)
	w.join(p)
	return p
}

// stranger adds a peer that has not joined yet.
func (w *world) stranger(name string, blocks []*btcutil.Block) *fakePeer {
	p := &fakePeer{id: peer.ID(name), delay: time.Millisecond, chain: blocks}
	p.adopt(blocks)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.peers[p.id] = p
	return p
}

func (w *world) join(p *fakePeer) {
	best := *params.GenesisHash
	if n := len(p.chain); n > 0 {
		best = *p.chain[n-1].Hash()
	}
	w.sync.Join(p.id, best, int32(len(p.chain)), true)
}

func (w *world) find(p peer.ID) *fakePeer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.peers[p]
}

// OpenHeaders implements HeaderAsker.
func (w *world) OpenHeaders(_ context.Context, id peer.ID) (HeaderSession, error) {
	p := w.find(id)
	if p.refuse != nil {
		return nil, p.refuse
	}
	return &fakeHeaders{w: w, p: p, answers: make(chan answer[[]wire.BlockHeader], 16)}, nil
}

// OpenBlocks implements BlockAsker.
func (w *world) OpenBlocks(_ context.Context, id peer.ID) (BlockSession, error) {
	p := w.find(id)
	if p.refuse != nil {
		return nil, p.refuse
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p.opened++
	return &fakeBlocks{w: w, p: p, answers: make(chan answer[objects.Result], 4096)}, nil
}

// synced waits until the chain's tip is the block, and returns how long it took.
func (w *world) synced(to *btcutil.Block, limit time.Duration) time.Duration {
	w.t.Helper()
	began := time.Now()
	for w.chain.Tip().Hash != *to.Hash() {
		time.Sleep(5 * time.Millisecond)
		if time.Since(began) > limit {
			w.sync.mu.Lock()
			st := w.sync.schedule.Stats()
			w.sync.mu.Unlock()
			w.t.Fatalf("after %v the tip is at %d, headers at %d: %+v; charges %v",
				limit, w.chain.Tip().Height, w.chain.tree.Best().Height, st, w.charges)
		}
	}
	return time.Since(began)
}

// blocks makes a chain of n blocks.
func blocks(n int) []*btcutil.Block {
	b := chaingen.NewBuilder(params, 1)
	return b.Extend(n)
}

package chain

import (
	"errors"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
)

// simnetBuilder returns a chain that is long enough for witnesses to be enforced.
func simnetBuilder() *chaingen.Builder {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	b.Extend(int(chaingen.ActiveFrom(&chaincfg.SimNetParams)))
	return b
}

func mustAccept(tb testing.TB, c *Chain, blocks ...*btcutil.Block) {
	tb.Helper()
	for _, b := range blocks {
		if err := c.Accept(chaingen.Copy(b)); err != nil {
			tb.Fatalf("block %d: %v", b.Height(), err)
		}
	}
}

// wantBlame checks that the error blames the block for the reason.
func wantBlame(t *testing.T, err error, hash chainhash.Hash, reason events.Reason) {
	t.Helper()
	var blame *BlockError
	if !errors.As(err, &blame) || blame.Hash != hash || blame.Reason != reason {
		t.Errorf("want %s for %v, got: %v", reason, hash, err)
	}
}

func TestAcceptMarksInvalidBlocks(t *testing.T) {
	t.Parallel()
	b := simnetBuilder()
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Chain()...)
	for _, fault := range chaingen.Faults() {
		t.Run(fault.String(), func(t *testing.T) {
			before := c.Tip()
			parent := b.Tip()
			bad := b.Broken(fault)
			wantBlame(t, c.Accept(chaingen.Copy(bad)), *bad.Hash(), events.InvalidBlock)
			if c.Tip() != before {
				t.Errorf("tip moved to %+v", c.Tip())
			}
			if !c.Headers().Invalid(*bad.Hash()) || c.Headers().Best().Hash != before.Hash {
				t.Error("the header is not marked, or still the best")
			}
			if err := c.Accept(chaingen.Copy(bad)); !errors.Is(err, ErrKnownInvalid) {
				t.Errorf("the second time: %v", err)
			}
			if _, err := c.RawBlock(*bad.Hash()); !errors.Is(err, ErrNotFound) {
				t.Errorf("an invalid block is served: %v", err)
			}
			b.Switch(*bad.Hash())
			child := b.NextBlock()
			wantBlame(t, c.Accept(chaingen.Copy(child)), *child.Hash(), events.InvalidBlock)
			b.Switch(*parent.Hash())
			mustAccept(t, c, b.NextBlock(b.Spend(2)...))
		})
	}
}

func TestAcceptLeavesMutatedBlocksUntouched(t *testing.T) {
	b := simnetBuilder()
	cfg, headers := DefaultConfig(t.TempDir()), memory()
	c, err := Open(cfg, &chaincfg.SimNetParams, headers, quiet())
	if err != nil {
		t.Fatal(err)
	}
	mustAccept(t, c, b.Chain()...)
	good := b.NextBlock(b.Spend(4)...)
	for _, m := range chaingen.Mutations() {
		bad, err := chaingen.Mutate(good, m)
		if err != nil {
			t.Fatal(err)
		}
		wantBlame(t, c.Accept(bad), *good.Hash(), events.MutatedBlock)
		if c.HaveBlock(*good.Hash()) || c.Headers().Invalid(*good.Hash()) {
			t.Errorf("%v: the hash is stored or marked", m)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	// btcd has not marked it in its own index either.
	c = openIn(t, cfg, &chaincfg.SimNetParams, headers)
	mustAccept(t, c, good)
	if c.Tip().Hash != *good.Hash() {
		t.Errorf("tip %+v", c.Tip())
	}
}

// A block without witnesses whose coinbase carries a commitment: common on mainnet in the
// months before segwit activated, when miners signalled with it, and nobody's fault.
func TestAcceptCommitmentBeforeSegwit(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Extend(3)...)
	block := withCommitment(t, chaingen.Copy(b.NextBlock()))
	if err := c.Accept(block); err != nil {
		t.Error(err)
	}
}

func TestAcceptWantsParentsFirst(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	c := openTest(t, &chaincfg.SimNetParams)
	blocks := b.Extend(3)
	if err := c.Accept(chaingen.Copy(blocks[1])); !errors.Is(err, ErrNoParent) {
		t.Errorf("unknown parent: %v", err)
	}
	addHeaders(t, c, blocks...)
	if err := c.Accept(chaingen.Copy(blocks[1])); !errors.Is(err, ErrNoParent) {
		t.Errorf("parent of which only the header is known: %v", err)
	}
	mustAccept(t, c, blocks...)
	mustAccept(t, c, blocks...) // known blocks are fine
	if c.consensus.IsKnownOrphan(blocks[1].Hash()) {
		t.Error("btcd keeps an orphan")
	}
}

func TestReorganiseTellsSubscribers(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	c := openTest(t, &chaincfg.SimNetParams)
	var got []string
	c.Subscribe(func(e events.Event) {
		switch e := e.(type) {
		case events.BlockConnected:
			got = append(got, "+"+e.Hash.String())
			if c.Tip().Hash != e.Hash || c.Tip().Height != e.Height || e.Txs != 1 || e.Bytes == 0 || !e.Time.Equal(c.Tip().Time) {
				t.Errorf("at %+v the tip is %+v", e, c.Tip())
			}
		case events.BlockDisconnected:
			got = append(got, "-"+e.Hash.String())
			if c.Tip().Height != e.Height-1 {
				t.Errorf("at %+v the tip is %+v", e, c.Tip())
			}
		}
	})
	old := b.Extend(3)
	mustAccept(t, c, old...)
	b.Fork(1)
	fresh := b.Extend(3)
	mustAccept(t, c, fresh...)
	var want []string
	for _, x := range old {
		want = append(want, "+"+x.Hash().String())
	}
	want = append(want, "-"+old[2].Hash().String(), "-"+old[1].Hash().String())
	for _, x := range fresh {
		want = append(want, "+"+x.Hash().String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("events %v\nwant %v", got, want)
	}
	if tip := c.Tip(); tip.Hash != *fresh[2].Hash() || tip.TotalTxs != 5 {
		t.Errorf("tip %+v", tip)
	}
	branches := c.Branches()
	if len(branches) != 2 || branches[0] != (Branch{Hash: *fresh[2].Hash(), Height: 4, Status: BranchActive}) ||
		branches[1] != (Branch{Hash: *old[2].Hash(), Height: 3, Length: 2, Status: BranchValidFork}) {
		t.Errorf("branches %+v", branches)
	}
}

// The block that is wrong is not the one whose arrival starts the reorganisation.
func TestReorganiseBlamesTheInvalidAncestor(t *testing.T) {
	b := simnetBuilder()
	cfg, headers := DefaultConfig(t.TempDir()), memory()
	c, err := Open(cfg, &chaincfg.SimNetParams, headers, quiet())
	if err != nil {
		t.Fatal(err)
	}
	mustAccept(t, c, b.Chain()...)
	fork := b.Tip()
	main := b.Extend(2)
	mustAccept(t, c, main...)
	b.Switch(*fork.Hash())
	bad := b.Broken(chaingen.BadSignature)
	b.Switch(*bad.Hash())
	above := b.Extend(2)
	mustAccept(t, c, bad, above[0])
	wantBlame(t, c.Accept(chaingen.Copy(above[1])), *bad.Hash(), events.InvalidBlock)

	check := func() {
		t.Helper()
		if c.Tip().Hash != *main[1].Hash() || c.Headers().Best().Hash != *main[1].Hash() {
			t.Errorf("tip %+v, best header %v", c.Tip(), c.Headers().Best().Hash)
		}
		for _, x := range []*btcutil.Block{bad, above[0], above[1]} {
			if !c.Headers().Invalid(*x.Hash()) {
				t.Errorf("block %d of the bad branch is not marked", x.Height())
			}
		}
	}
	check()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	// The marks are kept, and found again in btcd's database if the store is lost.
	if c, err = Open(cfg, &chaincfg.SimNetParams, headers, quiet()); err != nil {
		t.Fatal(err)
	}
	check()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = openIn(t, cfg, &chaincfg.SimNetParams, memory())
	check()
}

func TestClosedChainRefuses(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	c := openTest(t, &chaincfg.SimNetParams)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Accept(b.NextBlock()); err == nil {
		t.Error("a closed chain takes a block")
	}
}

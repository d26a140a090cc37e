package chain

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/blockchain/fullblocktests"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

// TestFullBlocks runs btcd's generated consensus tests through header index and Accept. The
// long form adds a reorganisation over 1,088 full blocks: 20 s of CPU and some gigabytes of
// memory.
func TestFullBlocks(t *testing.T) {
	t.Parallel()
	large, instances := true, 2386
	if testing.Short() {
		large, instances = false, 205
	}
	tests, err := fullblocktests.Generate(large)
	if err != nil {
		t.Fatal(err)
	}
	f := &fullBlocks{
		chain:   openTest(t, &chaincfg.RegressionNetParams),
		orphans: make(map[chainhash.Hash][]*wire.MsgBlock),
	}
	for _, items := range tests {
		for _, item := range items {
			f.run(t, item)
		}
	}
	if f.ran != instances {
		t.Errorf("%d instances ran, want %d", f.ran, instances)
	}
}

type fullBlocks struct {
	chain   *Chain
	orphans map[chainhash.Hash][]*wire.MsgBlock // by parent: btcd connects them by itself
	ran     int
}

func (f *fullBlocks) run(t *testing.T, item fullblocktests.TestInstance) {
	t.Helper()
	f.ran++
	switch item := item.(type) {
	case fullblocktests.AcceptedBlock:
		f.accepted(t, item)
	case fullblocktests.RejectedBlock:
		f.rejected(t, item)
	case fullblocktests.RejectedNonCanonicalBlock:
		if _, err := decodeBlock(item.RawBlock); !errors.Is(err, ErrDamaged) {
			t.Fatalf("%s: non-canonical bytes: %v", item.Name, err)
		}
	case fullblocktests.OrphanOrRejectedBlock:
		err := f.chain.Accept(btcutil.NewBlock(item.Block))
		if blame := (*BlockError)(nil); !errors.Is(err, ErrNoParent) && !errors.As(err, &blame) {
			t.Fatalf("%s: neither an orphan nor rejected: %v", item.Name, err)
		}
	case fullblocktests.ExpectedTip:
		if tip := f.chain.Tip(); tip.Hash != item.Block.BlockHash() || tip.Height != item.Height {
			t.Fatalf("%s: tip %v at %d, want %v at %d", item.Name, tip.Hash, tip.Height, item.Block.BlockHash(), item.Height)
		}
	case fullblocktests.BlockDisconnectExpectUTXO:
		f.expectUTXO(t, item)
	default:
		t.Fatalf("unknown instance %T", item)
	}
}

func (f *fullBlocks) accepted(t *testing.T, item fullblocktests.AcceptedBlock) {
	t.Helper()
	hash := item.Block.BlockHash()
	err := f.chain.Accept(btcutil.NewBlock(item.Block))
	if item.IsOrphan {
		if !errors.Is(err, ErrNoParent) {
			t.Fatalf("%s: orphan: %v", item.Name, err)
		}
		parent := item.Block.Header.PrevBlock
		f.orphans[parent] = append(f.orphans[parent], item.Block)
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", item.Name, err)
	}
	if main := f.chain.OnMainChain(hash); main != item.IsMainChain {
		t.Fatalf("%s: on main chain: %v", item.Name, main)
	}
	if err := f.connectOrphans(hash); err != nil {
		t.Fatalf("%s: %v", item.Name, err)
	}
}

// connectOrphans accepts what waited for the block, as btcd does by itself.
func (f *fullBlocks) connectOrphans(parent chainhash.Hash) error {
	for _, child := range f.orphans[parent] {
		if err := f.chain.Accept(btcutil.NewBlock(child)); err != nil {
			return err
		}
		if err := f.connectOrphans(child.BlockHash()); err != nil {
			return err
		}
	}
	return nil
}

func (f *fullBlocks) rejected(t *testing.T, item fullblocktests.RejectedBlock) {
	t.Helper()
	err := f.chain.Accept(btcutil.NewBlock(item.Block))
	if err == nil {
		// btcd's verdict is on an orphan above it.
		err = f.connectOrphans(item.Block.BlockHash())
	}
	var blame *BlockError
	if !errors.As(err, &blame) {
		t.Fatalf("%s: want rejection with %v, got %v", item.Name, item.RejectCode, err)
	}
	hash := blame.Hash // the block's own, or in a reorganisation one below it
	// b56 is b57 with its last transactions repeated: under the same, honest, header.
	mutated := item.RejectCode == blockchain.ErrBadMerkleRoot || item.RejectCode == blockchain.ErrNoTransactions || item.Name == "b56"
	if mutated != (blame.Reason == events.MutatedBlock) {
		t.Errorf("%s: %v became %v", item.Name, item.RejectCode, err)
	}
	if invalid := f.chain.Headers().Invalid(hash); invalid != (blame.Reason == events.InvalidBlock) {
		t.Errorf("%s: %v; marked invalid: %v", item.Name, err, invalid)
	}
	var rule blockchain.RuleError
	if errors.As(err, &rule) && rule.ErrorCode != item.RejectCode {
		t.Errorf("%s: rejected with %v, want %v", item.Name, rule.ErrorCode, item.RejectCode)
	}
}

// expectUTXO looks for an output at the moment when a block is disconnected.
func (f *fullBlocks) expectUTXO(t *testing.T, item fullblocktests.BlockDisconnectExpectUTXO) {
	t.Helper()
	f.chain.Subscribe(func(e events.Event) {
		gone, ok := e.(events.BlockDisconnected)
		if !ok || gone.Hash != item.BlockHash {
			return
		}
		consensus, done := f.chain.use()
		defer done()
		entry, err := consensus.FetchUtxoEntry(item.OutPoint)
		if err != nil {
			t.Error(err)
		}
		if found := entry != nil && !entry.IsSpent(); found != item.Expected {
			t.Errorf("%s: output %v unspent: %v", item.Name, item.OutPoint, found)
		}
	})
}

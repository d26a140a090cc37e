package chain

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

func TestRawBlockIsWhatWasAccepted(t *testing.T) {
	b := simnetBuilder()
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Chain()...)
	block := b.NextBlock(b.Spend(3)...) // with witnesses
	mustAccept(t, c, block)
	want, err := block.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.RawBlock(*block.Hash())
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
	}
	if _, err := c.RawBlock(chainhash.Hash{1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown block: %v", err)
	}
	if hash, ok := c.BlockHash(block.Height()); !ok || hash != *block.Hash() {
		t.Errorf("at the tip's height: %v", hash)
	}
	for _, height := range []int32{-1, block.Height() + 1} {
		if hash, ok := c.BlockHash(height); ok {
			t.Errorf("at height %d: %v", height, hash)
		}
	}
	if size, err := c.SizeOnDisk(); err != nil || size < uint64(len(want)) {
		t.Errorf("size on disk %d: %v", size, err)
	}
	if c.LowestBlock() != 0 {
		t.Errorf("lowest block %d", c.LowestBlock())
	}
}

// What stale blocks a node holds would tell it from others.
func TestOldStaleBlocksAreNotServed(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Extend(2)...)
	b.Fork(1)
	stale := b.NextBlock()
	mustAccept(t, c, stale)
	b.Fork(1)
	b.Switch(*c.headerAt(t, 2))
	if _, err := c.RawBlock(*stale.Hash()); err != nil {
		t.Errorf("a young stale block: %v", err)
	}
	b.SetTime(stale.MsgBlock().Header.Timestamp.Add(staleServed + time.Second))
	mustAccept(t, c, b.NextBlock())
	if _, err := c.RawBlock(*stale.Hash()); !errors.Is(err, ErrNotFound) {
		t.Errorf("an old stale block: %v", err)
	}
	if !c.HaveBlock(*stale.Hash()) {
		t.Error("it is not known any more")
	}
	if _, err := c.StoredBlock(*stale.Hash()); err != nil {
		t.Errorf("the operator cannot see it: %v", err)
	}
	if _, err := c.RawBlock(*c.headerAt(t, 1)); err != nil {
		t.Errorf("an old block of the main chain: %v", err)
	}
}

func (c *Chain) headerAt(t *testing.T, height int32) *chainhash.Hash {
	t.Helper()
	hash, ok := c.BlockHash(height)
	if !ok {
		t.Fatalf("no block at height %d", height)
	}
	return &hash
}

func TestBlocksAfterEndsWhereBlocksEnd(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	c := openTest(t, &chaincfg.SimNetParams)
	blocks := b.Extend(10)
	addHeaders(t, c, blocks...)
	mustAccept(t, c, blocks[:6]...)
	locator := []chainhash.Hash{*blocks[1].Hash()}
	if n := len(c.HeadersAfter(locator, chainhash.Hash{}, 2000)); n != 8 {
		t.Errorf("%d headers, want 8", n)
	}
	if n := len(c.BlocksAfter(locator, chainhash.Hash{}, 500)); n != 4 {
		t.Errorf("%d blocks, want 4", n)
	}
	branches := c.Branches()
	if len(branches) != 2 || branches[0].Status != BranchHeadersOnly || branches[0].Length != 4 || branches[1].Status != BranchActive {
		t.Errorf("branches %+v", branches)
	}
}

// btcd calls subscribers within Accept: a read there must not wait for its end.
func TestReadsDoNotWaitForValidation(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	c := openTest(t, &chaincfg.SimNetParams)
	blocks := b.Extend(3)
	mustAccept(t, c, blocks...)
	c.accepting.Lock()
	defer c.accepting.Unlock()
	if c.Tip().Height != 3 || !c.HaveBlock(*blocks[1].Hash()) {
		t.Error("tip or block unknown")
	}
	if _, err := c.RawBlock(*blocks[1].Hash()); err != nil {
		t.Error(err)
	}
}

func TestVerify(t *testing.T) {
	b := simnetBuilder()
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Chain()...)
	mustAccept(t, c, b.NextBlock(b.Spend(3)...))
	for level := VerifyRead; level <= VerifyUndo; level++ {
		calls := 0
		n, err := c.Verify(t.Context(), 0, level, func(int, int) { calls++ })
		if want := int(c.Tip().Height) + 1; err != nil || n != want || calls != want {
			t.Errorf("level %d: %d blocks, %d calls: %v", level, n, calls, err)
		}
	}
	if n, err := c.Verify(t.Context(), 7, VerifyUndo, nil); err != nil || n != 7 {
		t.Errorf("depth 7: %d, %v", n, err)
	}
	// One changed byte in the last block of the file.
	path := blockFile(c.cfg.Dir, 0)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file[len(file)-100] ^= 1
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Verify(t.Context(), 0, VerifyRead, nil); err == nil || n != 0 {
		t.Errorf("damaged: %d, %v", n, err)
	}
}

func TestBtcdLogsThroughOurs(t *testing.T) {
	var out bytes.Buffer
	bridgeLogs(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer bridgeLogs(quiet())
	b := bridge("blockchain")
	b.Infof("block %d", 7)
	b.Debug("not wanted")
	b.Warn("two", " words")
	got := out.String()
	if !strings.Contains(got, `level=DEBUG msg=btcd part=blockchain text="block 7"`) || !strings.Contains(got, "level=WARN") || strings.Contains(got, "not wanted") {
		t.Errorf("log:\n%s", got)
	}
}

func TestLocalClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where no time passes
		var clock blockchain.MedianTimeSource = localClock{}
		for i := range 10 {
			clock.AddTimeSample(string(rune('a'+i)), time.Now().Add(time.Hour))
		}
		// Whole seconds, as a header's.
		if off := time.Since(clock.AdjustedTime()); off < 0 || off >= time.Second || clock.Offset() != 0 {
			t.Errorf("off by %v", off)
		}
	})
}

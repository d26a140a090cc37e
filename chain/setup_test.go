package chain

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
)

// badChain is a chain with a signature that is wrong at height bad, and the height up to
// which assume-valid is asked for.
type badChain struct {
	builder *chaingen.Builder
	blocks  []*btcutil.Block
	bad     *btcutil.Block
	assumed *btcutil.Block
}

func newBadChain() badChain {
	b := simnetBuilder()
	bad := b.Broken(chaingen.BadSignature)
	b.Switch(*bad.Hash())
	above := b.Extend(5)
	return badChain{b, b.Chain(), bad, above[2]}
}

func (x badChain) config(t *testing.T, hash *chainhash.Hash) Config {
	t.Helper()
	cfg := DefaultConfig(t.TempDir())
	cfg.AssumeValid = &AssumeValid{Hash: *hash, Height: x.assumed.Height()}
	return cfg
}

func TestAssumeValidSkipsScripts(t *testing.T) {
	x := newBadChain()
	c := openIn(t, x.config(t, x.assumed.Hash()), &chaincfg.SimNetParams, memory())
	addHeaders(t, c, x.blocks...)
	mustAccept(t, c, x.blocks...)
	if c.Tip().Height != int32(len(x.blocks)) || c.setup.assume || c.assumed.times != 1 {
		t.Errorf("tip %+v, assumed %+v", c.Tip(), c.assumed)
	}
	// Above the block, scripts run again.
	bad := x.builder.Broken(chaingen.BadSignature)
	wantBlame(t, c.Accept(bad), *bad.Hash(), events.InvalidBlock)
	mustAccept(t, c, x.builder.NextBlock(x.builder.Spend(3)...))
}

// Only the scripts are taken on trust, not the amounts.
func TestAssumeValidChecksAmounts(t *testing.T) {
	b := simnetBuilder()
	blocks := b.Chain()
	bad := b.Broken(chaingen.BadAmount)
	b.Switch(*bad.Hash())
	target := b.NextBlock()
	cfg := DefaultConfig(t.TempDir())
	cfg.AssumeValid = &AssumeValid{Hash: *target.Hash(), Height: target.Height()}
	c := openIn(t, cfg, &chaincfg.SimNetParams, memory())
	addHeaders(t, c, append(blocks, bad, target)...)
	mustAccept(t, c, blocks...)
	if !c.setup.assume {
		t.Error("assume-valid is off")
	}
	wantBlame(t, c.Accept(bad), *bad.Hash(), events.InvalidBlock)
}

func TestAssumeValidWantsItsBlockInTheBestChain(t *testing.T) {
	x := newBadChain()
	at := int(x.bad.Height()) - 1
	t.Run("another block at that height", func(t *testing.T) {
		c := openIn(t, x.config(t, x.bad.Hash()), &chaincfg.SimNetParams, memory())
		addHeaders(t, c, x.blocks...)
		mustAccept(t, c, x.blocks[:at]...)
		wantBlame(t, c.Accept(chaingen.Copy(x.bad)), *x.bad.Hash(), events.InvalidBlock)
		if !c.assumed.warned {
			t.Error("nobody was warned")
		}
	})
	t.Run("its header has not come", func(t *testing.T) {
		c := openIn(t, x.config(t, x.assumed.Hash()), &chaincfg.SimNetParams, memory())
		addHeaders(t, c, x.blocks[:at+2]...)
		mustAccept(t, c, x.blocks[:at]...)
		wantBlame(t, c.Accept(chaingen.Copy(x.bad)), *x.bad.Hash(), events.InvalidBlock)
	})
	t.Run("a branch that is not on the way to it", func(t *testing.T) {
		c := openIn(t, x.config(t, x.assumed.Hash()), &chaincfg.SimNetParams, memory())
		addHeaders(t, c, x.blocks...)
		mustAccept(t, c, x.blocks[:at]...)
		x.builder.Switch(*x.blocks[at-1].Hash())
		other := x.builder.Broken(chaingen.BadSignature)
		wantBlame(t, c.Accept(other), *other.Hash(), events.InvalidBlock)
		mustAccept(t, c, x.blocks[at:]...)
		if c.assumed.times != 2 {
			t.Errorf("switched %d times", c.assumed.times)
		}
	})
}

func TestAssumeValidAfterRestart(t *testing.T) {
	x := newBadChain()
	cfg, headers := x.config(t, x.assumed.Hash()), memory()
	c, err := Open(cfg, &chaincfg.SimNetParams, headers, quiet())
	if err != nil {
		t.Fatal(err)
	}
	addHeaders(t, c, x.blocks...)
	mustAccept(t, c, x.blocks[:50]...)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = openIn(t, cfg, &chaincfg.SimNetParams, headers)
	if !c.setup.assume {
		t.Error("not armed at Open")
	}
	mustAccept(t, c, x.blocks...)
	mustAccept(t, c, x.builder.NextBlock(x.builder.Spend(3)...))
}

// Readers, the mempool's included, go on while btcd's chain is exchanged under them.
func TestAssumeValidSwitchesUnderReaders(t *testing.T) {
	x := newBadChain()
	c := openIn(t, x.config(t, x.assumed.Hash()), &chaincfg.SimNetParams, memory())
	half := len(x.blocks) / 2
	mustAccept(t, c, x.blocks[:half]...)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	spend := x.builder.Spend(1)[0]
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := c.RawBlock(*x.blocks[7].Hash()); err != nil {
					t.Error(err)
					return
				}
				if !c.HaveBlock(*x.blocks[half-1].Hash()) || c.HaveBlock(chainhash.Hash{1}) || c.Tip().Height < int32(half) {
					t.Error("a reader saw nonsense")
					return
				}
				_ = c.Submit(btcutil.NewTx(spend)) // valid at some time or other
				c.Branches()
			}
		})
	}
	addHeaders(t, c, x.blocks...)
	mustAccept(t, c, x.blocks...)
	mustAccept(t, c, x.builder.NextBlock(x.builder.Spend(3)...))
	close(stop)
	readers.Wait()
	if c.Current(time.Now()) {
		t.Error("a chain of 2014 is current")
	}
}

// copyTo makes what a kill at this moment would leave behind.
func copyTo(t *testing.T, c *Chain) Config {
	t.Helper()
	cfg := c.cfg
	// A kill freezes all files at one moment, a copy does not: leveldb tidies up
	// behind a database that was just opened. Take a copy during which nothing moved.
	for {
		cfg.Dir = t.TempDir()
		before := listing(t, c.cfg.Dir)
		err := os.CopyFS(cfg.Dir, os.DirFS(c.cfg.Dir))
		if err == nil && listing(t, c.cfg.Dir) == before && listing(t, cfg.Dir) == before {
			return cfg
		}
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// listing names all files of a folder with their sizes.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // a file that has just gone is not in the listing
		}
		if info, err := d.Info(); err == nil {
			fmt.Fprintln(&all, strings.TrimPrefix(path, dir), info.Size())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// With pruning everything is written now and then: a crash must not bring back metadata
// that wants deleted blocks.
func TestRenewedDatabaseNeedsNoRecovery(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	blocks := b.Extend(30)
	cfg := DefaultConfig(t.TempDir())
	cfg.Prune = MinPrune
	c := openIn(t, cfg, &chaincfg.SimNetParams, memory())
	mustAccept(t, c, blocks[:20]...)
	c.unflushed = flushEvery
	mustAccept(t, c, blocks[20])
	if c.unflushed != 0 {
		t.Fatal("nothing was written")
	}
	for i, want := range []struct{ opened, recovered int32 }{{21, 0}, {21, 9}} {
		killed := openIn(t, copyTo(t, c), &chaincfg.SimNetParams, memory())
		if killed.Tip().Height != want.opened {
			t.Errorf("copy %d opens at height %d, want %d", i, killed.Tip().Height, want.opened)
		}
		if n, err := killed.Recover(t.Context(), nil); err != nil || n != int(want.recovered) {
			t.Errorf("copy %d recovers %d: %v", i, n, err)
		}
		mustAccept(t, c, blocks[21:]...)
	}
}

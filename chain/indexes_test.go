package chain

import (
	"errors"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

func TestIndexesMayBeSwitchedLater(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	blocks := b.Extend(20)
	cfg, headers := DefaultConfig(t.TempDir()), memory()
	step := func(on bool, work func(*Chain)) {
		t.Helper()
		cfg.TxIndex, cfg.CFIndex = on, on
		c, err := Open(cfg, &chaincfg.SimNetParams, headers, quiet())
		if err != nil {
			t.Fatal(err)
		}
		work(c)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	check := func(c *Chain) {
		t.Helper()
		for _, x := range b.Chain() {
			hash := *x.Transactions()[0].Hash()
			if _, block, err := c.FindTx(hash); err != nil || block == nil || *block != *x.Hash() {
				t.Errorf("transaction of block %d: in %v, %v", x.Height(), block, err)
			}
			if f, err := c.Filter(*x.Hash()); err != nil || len(f) == 0 {
				t.Errorf("filter of block %d: %v", x.Height(), err)
			}
		}
	}
	step(false, func(c *Chain) {
		mustAccept(t, c, blocks[:10]...)
		if _, err := c.RawTx(*blocks[3].Transactions()[0].Hash()); !errors.Is(err, ErrNotFound) {
			t.Errorf("without an index: %v", err)
		}
		if _, err := c.Filter(*blocks[3].Hash()); err == nil {
			t.Error("a filter without an index")
		}
	})
	step(true, func(c *Chain) { mustAccept(t, c, blocks[10:15]...) })
	step(false, func(c *Chain) { mustAccept(t, c, blocks[15:]...) })
	step(true, check)
	// The block at which the indexes end leaves the chain while they are off.
	step(false, func(c *Chain) {
		b.Fork(18)
		mustAccept(t, c, b.Extend(5)...)
	})
	step(true, check)
}

func TestConfigRefusesWhatCannotWork(t *testing.T) {
	for _, x := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no folder", func(c *Config) { c.Dir = "" }, "folder"},
		{"prune to too little", func(c *Config) { c.Prune = 600 << 20 }, "1536 MiB"},
		{"prune with txindex", func(c *Config) { c.Prune, c.TxIndex = MinPrune, true }, "exclude"},
		{"assume-valid of genesis", func(c *Config) { c.AssumeValid = &AssumeValid{} }, "above 0"},
	} {
		cfg := DefaultConfig(t.TempDir())
		x.change(&cfg)
		if _, err := Open(cfg, &chaincfg.SimNetParams, memory(), quiet()); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v", x.name, err)
		}
	}
}

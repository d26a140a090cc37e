package chain

import (
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/memdb"
)

func openMemory(t *testing.T, db *memdb.DB) *Chain {
	t.Helper()
	c, err := OpenOn(db, Config{}, &chaincfg.SimNetParams, memory(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A chain without a folder does what one on disk does, is found again in its database,
// and copies of the database go on without each other.
func TestChainWithoutAFolder(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	blocks := b.Extend(120)
	disk, first := openTest(t, &chaincfg.SimNetParams), memdb.New()
	c := openMemory(t, first)
	for _, d := range []*Chain{disk, c} {
		for _, block := range blocks[:110] {
			mustAccept(t, d, chaingen.Copy(block))
		}
	}
	if c.Tip().Hash != disk.Tip().Hash {
		t.Fatalf("tip %+v, on disk %+v", c.Tip(), disk.Tip())
	}
	if size, err := c.SizeOnDisk(); err != nil || size != 0 {
		t.Errorf("%d bytes on disk, %v", size, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	one, other := openMemory(t, first.Copy()), openMemory(t, first.Copy())
	for _, block := range blocks[110:] {
		mustAccept(t, one, chaingen.Copy(block))
	}
	if one.Tip().Hash != *b.Tip().Hash() || other.Tip().Hash != disk.Tip().Hash {
		t.Errorf("tips %+v and %+v", one.Tip(), other.Tip())
	}
	for _, d := range []*Chain{one, other} {
		if done, err := d.Verify(t.Context(), 0, VerifyUndo, nil); err != nil {
			t.Errorf("after %d blocks: %v", done, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenDatabaseHasNoFolder(t *testing.T) {
	for _, cfg := range []Config{{Dir: t.TempDir()}, {Prune: MinPrune}} {
		c, err := OpenOn(memdb.New(), cfg, &chaincfg.SimNetParams, memory(), quiet())
		if err == nil {
			t.Errorf("%+v is taken", cfg)
			c.Close()
		}
	}
}

// What the mempool looks up fills btcd's cache, which is written and emptied now and then.
func TestLookupsWithoutAFolder(t *testing.T) {
	c, err := OpenOn(memdb.New(), Config{UTXOCache: 10 * bytesPerLookup}, &chaincfg.SimNetParams, memory(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tx := wire.NewMsgTx(2)
	tx.AddTxOut(wire.NewTxOut(1, []byte{txscript.OP_TRUE}))
	for i := range uint32(30) {
		tx.LockTime = i
		if c.mined(btcutil.NewTx(tx)) {
			t.Fatal("found what is not there")
		}
	}
	if c.lookups >= 10 {
		t.Errorf("%d lookups since the cache was emptied", c.lookups)
	}
}

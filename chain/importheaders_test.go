package chain

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/store"
)

// An import has no headers from peers: assume-valid works only if it reads them from
// the file first.
func TestImportAssumesValid(t *testing.T) {
	params := &chaincfg.SimNetParams
	path := filepath.Join(t.TempDir(), "chain.dat")
	if err := chaingen.WriteFile(path, params, 1, chaingen.Small(50)); err != nil {
		t.Fatal(err)
	}
	var last AssumeValid
	for b, err := range chaingen.ReadFile(path, params.Net) {
		if err != nil {
			t.Fatal(err)
		}
		last = AssumeValid{Hash: *b.Hash(), Height: last.Height + 1}
	}
	cfg := DefaultConfig(filepath.Join(t.TempDir(), "chain"))
	cfg.AssumeValid = &last
	c, err := Open(cfg, params, store.OpenMemory().View("headers"), quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	armed := false
	result, err := c.Import(t.Context(), file, func(ImportProgress) { armed = armed || c.assumed.times > 0 })
	if err != nil || result.Blocks != int(last.Height) || c.Tip().Hash != last.Hash {
		t.Fatalf("import: %+v, %v; tip %+v", result, err, c.Tip())
	}
	if !armed {
		t.Error("assume-valid was never put in place")
	}
}

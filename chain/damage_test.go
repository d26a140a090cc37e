package chain

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

// Whatever happens to a file of the database: it opens on the right chain, or it says
// what to do.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	b := simnetBuilder()
	cfg := DefaultConfig(t.TempDir())
	headers := memory()
	c, err := Open(cfg, &chaincfg.SimNetParams, headers, quiet())
	if err != nil {
		t.Fatal(err)
	}
	mustAccept(t, c, b.Chain()...)
	mustAccept(t, c, b.NextBlock(b.Spend(3)...))
	tip := c.Tip()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	harms := map[string]func(path string, content []byte) error{
		"deleted":   func(path string, _ []byte) error { return os.Remove(path) },
		"truncated": func(path string, raw []byte) error { return os.WriteFile(path, raw[:len(raw)/2], 0o600) },
		"changed": func(path string, raw []byte) error {
			for i := range min(200, len(raw)) {
				raw[len(raw)/2+i-min(200, len(raw))/2] ^= 0x55
			}
			return os.WriteFile(path, raw, 0o600)
		},
	}
	for _, pattern := range []string{"*.fdb", "metadata/*.ldb", "metadata/*.log", "metadata/MANIFEST-*", "metadata/CURRENT"} {
		for harm, do := range harms {
			t.Run(pattern+" "+harm, func(t *testing.T) {
				own := cfg
				own.Dir = t.TempDir()
				if err := os.CopyFS(own.Dir, os.DirFS(cfg.Dir)); err != nil {
					t.Fatal(err)
				}
				files, err := filepath.Glob(filepath.Join(own.Dir, pattern))
				if err != nil || len(files) == 0 {
					t.Skipf("no such file: %v", err)
				}
				raw, err := os.ReadFile(files[0])
				if err != nil {
					t.Fatal(err)
				}
				if err := do(files[0], raw); err != nil {
					t.Fatal(err)
				}
				c, err := Open(own, &chaincfg.SimNetParams, headers, quiet())
				if err == nil {
					_, err = c.Verify(t.Context(), 0, VerifyUndo, nil)
					if at, ok := c.Headers().Ancestor(tip.Hash, c.Tip().Height); !ok || at.Hash != c.Tip().Hash {
						t.Error("another chain")
					}
					if err := c.Close(); err != nil {
						t.Fatal(err)
					}
				}
				if err != nil {
					t.Log(err)
					var damaged *DamagedError
					if !errors.As(err, &damaged) || damaged.Dir != own.Dir {
						t.Fatal("the error does not say what to do")
					}
					// Do it.
					if err := os.RemoveAll(filepath.Join(own.Dir, metadataDir)); err != nil {
						t.Fatal(err)
					}
				}
				c = openIn(t, own, &chaincfg.SimNetParams, headers)
				n, err := c.Recover(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("opened, recovered %d", n)
				if harm != "deleted" || pattern != "*.fdb" {
					// All blocks before the damage are there.
					if least := tip.Height / 3; c.Tip().Height < least {
						t.Errorf("height %d, want at least %d", c.Tip().Height, least)
					}
				}
				mustAccept(t, c, b.Chain()...)
				if c.Tip() != tip {
					t.Errorf("tip %+v, want %+v", c.Tip(), tip)
				}
				if _, err := c.Verify(t.Context(), 0, VerifyUndo, nil); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

package chain

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/store"
)

// A process killed while it made its first database left a folder that no start could
// open.
func TestDatabaseWhoseMakingWasCutOffIsMadeAgain(t *testing.T) {
	for name, files := range map[string][]string{
		"a folder":          nil,
		"a lock and a log":  {"LOCK", "LOG"},
		"an empty manifest": {"LOCK", "LOG", "MANIFEST-000000"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "chain")
			if err := os.MkdirAll(filepath.Join(dir, metadataDir), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if err := os.WriteFile(filepath.Join(dir, metadataDir, f), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c, err := Open(DefaultConfig(dir), &chaincfg.RegressionNetParams, store.OpenMemory().View("headers"), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

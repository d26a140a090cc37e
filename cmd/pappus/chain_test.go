package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

// simFile is a short simnet chain in a file.
func simFile(t *testing.T, blocks int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "blocks.dat")
	if err := chaingen.WriteFile(path, &chaincfg.SimNetParams, 1, chaingen.Small(blocks)); err != nil {
		t.Fatal(err)
	}
	return path
}

// importInto imports a file into the folder's simnet chain.
func importInto(t *testing.T, dir, path string) (outcome, imported) {
	t.Helper()
	got := call(t, nil, "chain", "import", "--network", "simnet", "--datadir", dir, "--json", path)
	var result imported
	if err := json.Unmarshal([]byte(got.out), &result); got.out != "" && err != nil {
		t.Fatal(err)
	}
	return got, result
}

func TestImportVerifyExport(t *testing.T) {
	dir, path := t.TempDir(), simFile(t, 120)
	on := func(words ...string) outcome {
		return call(t, nil, append(words, "--network", "simnet", "--datadir", dir)...)
	}

	got, first := importInto(t, dir, path)
	if got.code != exitDone || first.Imported != 120 || first.Known != 0 || first.Height != 120 {
		t.Fatalf("%+v", got)
	}
	if got, again := importInto(t, dir, path); got.code != exitDone || again.Imported != 0 || again.Known != 120 {
		t.Errorf("second import: %+v", got)
	}

	var info chainInfo
	got = on("chain", "info", "--json")
	if err := json.Unmarshal([]byte(got.out), &info); err != nil || info.Chain != "simnet" || info.Blocks != 120 || info.BestBlockHash != first.Tip {
		t.Errorf("%+v: %v", got, err)
	}
	if got = on("chain", "info"); got.code != exitDone || !strings.Contains(got.out, first.Tip) {
		t.Errorf("%+v", got)
	}
	if got = on("chain", "verify"); got.code != exitDone || !strings.Contains(got.out, "blocks verified: no damage") {
		t.Errorf("%+v", got)
	}

	original, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.dat")
	if got = on("chain", "export", "--from", "1", copied); got.code != exitDone || !strings.Contains(got.out, "120 blocks") {
		t.Errorf("%+v", got)
	}
	if exported, err := os.ReadFile(copied); err != nil || !bytes.Equal(exported, original) {
		t.Errorf("the exported file of %d bytes is not the imported one of %d: %v", len(exported), len(original), err)
	}
	if got = on("chain", "export", "--from", "1", "-"); got.code != exitDone || got.out != string(original) {
		t.Errorf("exit code %d, %d bytes, %s", got.code, len(got.out), got.err)
	}
}

func TestExportThatFailsKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	if got, _ := importInto(t, dir, simFile(t, 5)); got.code != exitDone {
		t.Fatal(got.err)
	}
	target := filepath.Join(t.TempDir(), "old.dat")
	if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := call(t, nil, "chain", "export", "--network", "simnet", "--datadir", dir, "--from", "3", "--to", "9", target)
	if got.code != exitUsage || !strings.Contains(got.err, "from 0 to 5") {
		t.Errorf("%+v", got)
	}
	if text, err := os.ReadFile(target); err != nil || string(text) != "old" {
		t.Errorf("%q, %v", text, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(target)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestImportOfACutOffFileTakesWhatIsWhole(t *testing.T) {
	dir, path := t.TempDir(), simFile(t, 20)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-10); err != nil {
		t.Fatal(err)
	}
	got, result := importInto(t, dir, path)
	if got.code != exitFailed || result.Imported != 19 || result.Height != 19 {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{path, "stopped at byte", "ends within a block"} {
		if !strings.Contains(got.err, want) {
			t.Errorf("%q is missing in: %s", want, got.err)
		}
	}
}

func TestImportOfAnotherNetworksFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	got := call(t, nil, "chain", "import", "--network", "regtest", "--datadir", dir, simFile(t, 5))
	if got.code != exitFailed || !strings.Contains(got.err, "simnet") || strings.Count(got.err, "\n") != 1 || strings.Count(got.err, "at byte") != 1 {
		t.Errorf("%+v", got)
	}
}

func TestImportOfSomethingElseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letter.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("dear reader, ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := importInto(t, t.TempDir(), path); got.code != exitFailed || !strings.Contains(got.err, "not a file of blocks") {
		t.Errorf("%+v", got)
	}
}

func TestImportThatIsInterruptedSaysSo(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(canceled(t), []string{"chain", "import", "--network", "simnet", "--datadir", t.TempDir(), simFile(t, 5)}, nil, &stdout, &stderr)
	if code != exitFailed || strings.Count(stderr.String(), "\n") != 1 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("exit code %d: %s%s", code, &stdout, &stderr)
	}
}

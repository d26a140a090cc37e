package chain

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

// blockRecord is simnet's genesis as ffldb writes it, the first record of any simnet node.
const blockRecord = "161c14121d010000"

// simFile writes a few blocks through ffldb and returns their folder, the bytes of the
// block file and where each record ends.
func simFile(tb testing.TB) (dir string, file []byte, ends []int) {
	tb.Helper()
	cfg := DefaultConfig(tb.TempDir())
	c, err := Open(cfg, &chaincfg.SimNetParams, memory(), quiet())
	if err != nil {
		tb.Fatal(err)
	}
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	mustAccept(tb, c, b.Extend(4)...)
	for h := range int32(5) {
		hash, _ := c.BlockHash(h)
		raw, err := c.StoredBlock(hash)
		if err != nil {
			tb.Fatal(err)
		}
		last := 0
		if h > 0 {
			last = ends[h-1]
		}
		ends = append(ends, last+recordHead+len(raw)+recordTail)
	}
	if err := c.Close(); err != nil {
		tb.Fatal(err)
	}
	file, err = os.ReadFile(blockFile(cfg.Dir, 0))
	if err != nil || len(file) != ends[4] {
		tb.Fatalf("%d bytes, want %d: %v", len(file), ends[4], err)
	}
	return cfg.Dir, file, ends
}

func TestBlockFileGolden(t *testing.T) {
	_, file, ends := simFile(t)
	if got := hex.EncodeToString(file[:recordHead]); got != blockRecord {
		t.Errorf("record begins with %s, want %s", got, blockRecord)
	}
	if got, want := hex.EncodeToString(file[ends[0]-recordTail:ends[0]]), "d7162ced"; got != want {
		t.Errorf("checksum %s, want %s", got, want)
	}
	cursor := place{1, 0x200}.cursor()
	if got, want := hex.EncodeToString(cursor), "0100000000020000a09d7b8a"; got != want {
		t.Errorf("cursor %s, want %s", got, want)
	}
	if at, err := decodeCursor(cursor); err != nil || at != (place{1, 0x200}) {
		t.Errorf("cursor %+v: %v", at, err)
	}
	cursor[3] ^= 1
	if _, err := decodeCursor(cursor); !errors.Is(err, errBadCursor) {
		t.Errorf("damaged cursor: %v", err)
	}
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add(place{1, 0x200}.cursor())
	f.Add(make([]byte, rowSize))
	f.Fuzz(func(t *testing.T, row []byte) {
		at, err := decodeCursor(row)
		if err == nil && !bytes.Equal(at.cursor(), row) {
			t.Errorf("%x is read as %+v", row, at)
		}
	})
}

// A file may be cut off at any byte of its last record, or hold anything there.
func TestScanStopsAtTheFirstDamage(t *testing.T) {
	t.Parallel() // it waits for the disk
	dir, file, ends := simFile(t)
	scan := func(content []byte) ([]stored, place) {
		t.Helper()
		if err := os.WriteFile(blockFile(dir, 0), content, 0o600); err != nil {
			t.Fatal(err)
		}
		found, end, err := scanFrom(dir, wire.SimNet, place{0, uint32(ends[0])})
		if err != nil {
			t.Fatal(err)
		}
		return found, end
	}
	if found, end := scan(file); len(found) != 4 || end != (place{0, uint32(len(file))}) {
		t.Fatalf("whole file: %d records to %+v", len(found), end)
	}
	for i := ends[3]; i < len(file); i++ {
		if found, end := scan(file[:i]); len(found) != 3 || end.offset != uint32(ends[3]) {
			t.Fatalf("cut off at byte %d: %d records to %+v", i, len(found), end)
		}
		harmed := bytes.Clone(file)
		harmed[i] ^= 0x10
		if found, end := scan(harmed); len(found) != 3 || end.offset != uint32(ends[3]) {
			t.Fatalf("changed at byte %d: %d records to %+v", i, len(found), end)
		}
	}
	// Blocks go on in the next file; a hole between files ends the search.
	third := file[ends[2]:ends[3]]
	for n, want := range map[uint32]int{1: 5, 2: 4} {
		if err := os.WriteFile(blockFile(dir, n), third, 0o600); err != nil {
			t.Fatal(err)
		}
		found, end := scan(file)
		if len(found) != want {
			t.Errorf("with file %d: %d records to %+v", n, len(found), end)
		}
		if n == 1 && end != (place{1, uint32(len(third))}) {
			t.Errorf("end %+v", end)
		}
		if err := os.Remove(blockFile(dir, n)); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzReadRecord(f *testing.F) {
	_, file, ends := simFile(f)
	f.Add(file[:ends[1]])
	f.Add(file[:ends[0]+30])
	f.Fuzz(func(t *testing.T, file []byte) {
		r := bufio.NewReader(bytes.NewReader(file))
		var record []byte
		for at := 0; ; {
			var err error
			record, err = readRecord(r, wire.SimNet, record)
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, errBadRecord) {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(record, file[at:at+len(record)]) {
				t.Fatal("a record is not what was in the file")
			}
			at += len(record)
			chainhash.DoubleHashH(record[recordHead : recordHead+headerSize])
		}
	})
}

package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ipfs/go-datastore"
	dsleveldb "github.com/ipfs/go-ds-leveldb"

	"github.com/pappus-network/pappus/store"
	"github.com/pappus-network/pappus/store/storetest"
)

func open(tb testing.TB, dir string) *store.Store {
	tb.Helper()
	s, err := store.Open(dir)
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	return s
}

func closeStore(tb testing.TB, s *store.Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Fatalf("close: %v", err)
	}
}

// writeUnsynced is what the process that gets killed has written.
func writeUnsynced(s *store.Store) error {
	return s.View("headers").Put(context.Background(), datastore.NewKey("/unsynced"), []byte("here"))
}

func TestStoreOnDisk(t *testing.T) {
	storetest.Run(t, func(tb testing.TB) *store.Store {
		tb.Helper()
		return open(tb, filepath.Join(tb.TempDir(), "data"))
	})
}

func TestStoreInMemory(t *testing.T) {
	storetest.Run(t, func(testing.TB) *store.Store { return store.OpenMemory() })
}

// Networks of nodes run in bubbles: no goroutine of the engine may hold up the
// virtual clock or outlive Close.
func TestStoreInMemoryLivesInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.OpenMemory()
		if err := writeUnsynced(s); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		closeStore(t, s)
	})
}

func TestStoreKeepsItsContent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "data")
	s := open(t, dir)
	if err := writeUnsynced(s); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	closeStore(t, s)
	s = open(t, dir)
	if has, err := s.View("headers").Has(t.Context(), datastore.NewKey("/unsynced")); err != nil || !has {
		t.Errorf("after reopening: %v, %v", has, err)
	}
	closeStore(t, s)
	for path, mode := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "store"): 0o700, filepath.Join(dir, "lock"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, %v; want %v", path, info.Mode(), err, mode)
		}
	}
}

func TestStoreSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	kill(t, startHolder(t, dir))
	s := open(t, dir)
	if has, err := s.View("headers").Has(t.Context(), datastore.NewKey("/unsynced")); err != nil || !has {
		t.Errorf("after kill -9: %v, %v", has, err)
	}
	closeStore(t, s)
}

// setLayout writes as another version of the program would.
func setLayout(t *testing.T, dir, key, value string) {
	t.Helper()
	db, err := dsleveldb.NewDatastore(filepath.Join(dir, "store"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Put(t.Context(), datastore.NewKey(key), []byte(value)), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestStoreRefusesANewerLayout(t *testing.T) {
	dir := t.TempDir()
	setLayout(t, dir, "/layout", "7")
	for range 2 { // the refusal gives the lock back and changes nothing
		_, err := store.Open(dir)
		var newer *store.NewerLayoutError
		if !errors.As(err, &newer) || !errors.Is(err, store.ErrNewerLayout) {
			t.Fatalf("open = %v, want a NewerLayoutError", err)
		}
		if newer.Found != 7 || newer.Supported != 1 || !strings.Contains(err.Error(), "use a newer Pappus") {
			t.Errorf("error = %v", err)
		}
	}
}

func TestStoreRefusesWhatIsNotItsOwn(t *testing.T) {
	for name, pair := range map[string][2]string{
		"no layout":      {"/blocks/1", "x"},
		"layout is text": {"/layout", "one"},
		"layout is zero": {"/layout", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			setLayout(t, dir, pair[0], pair[1])
			wantDamaged(t, dir)
		})
	}
}

func wantDamaged(t *testing.T, dir string) {
	t.Helper()
	s, err := store.Open(dir)
	var damaged *store.DamagedError
	if !errors.As(err, &damaged) {
		if err == nil {
			closeStore(t, s)
		}
		t.Fatalf("open = %v, want a DamagedError", err)
	}
	if damaged.Path != filepath.Join(dir, "store") || !strings.Contains(err.Error(), "move that folder away") {
		t.Errorf("error = %v", err)
	}
}

func TestStoreRepairsOrRefusesDamage(t *testing.T) {
	overwrite := func(path string) error { return os.WriteFile(path, []byte("rubbish"), 0o600) }
	tests := []struct {
		name   string
		files  string // pattern of what is damaged
		damage func(path string) error
		repair bool
	}{
		{"the manifest's name is rubbish", "CURRENT", overwrite, true},
		{"the manifest is gone", "MANIFEST-*", os.Remove, true},
		{"the tables are rubbish", "*.ldb", overwrite, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			if err := writeUnsynced(s); err != nil {
				t.Fatal(err)
			}
			closeStore(t, s)
			closeStore(t, open(t, dir)) // opening turns the journal into a table
			paths, err := filepath.Glob(filepath.Join(dir, "store", test.files))
			if err != nil || len(paths) == 0 {
				t.Fatalf("no %s: %v", test.files, err)
			}
			for _, path := range paths {
				if err := test.damage(path); err != nil {
					t.Fatal(err)
				}
			}
			if !test.repair {
				wantDamaged(t, dir)
				return
			}
			s = open(t, dir)
			if has, err := s.View("headers").Has(t.Context(), datastore.NewKey("/unsynced")); err != nil || !has {
				t.Errorf("after the repair: %v, %v", has, err)
			}
			closeStore(t, s)
		})
	}
}

func TestStoreExplainsBadDirectories(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, dir, want string
		asRoot          bool // root too is refused
	}{
		{"the directory is a file", file, "is a file", true},
		{"a parent is a file", filepath.Join(file, "data"), "is a file", true},
		{"the directory is read-only", closed, "is not writable", false},
		{"a parent is read-only", filepath.Join(closed, "data"), "is not writable", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if os.Geteuid() == 0 && !test.asRoot {
				t.Skip("root may write everywhere")
			}
			s, err := store.Open(test.dir)
			if err == nil {
				closeStore(t, s)
				t.Fatal("it opened")
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.dir) {
				t.Errorf("error = %v, want %q and the path", err, test.want)
			}
		})
	}
}

func BenchmarkBatchOf2000Headers(b *testing.B) {
	s := open(b, b.TempDir())
	defer closeStore(b, s)
	view, value := s.View("headers"), make([]byte, 80)
	n := 0
	for b.Loop() {
		batch, err := view.Batch(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for range 2000 {
			n++
			if err := batch.Put(b.Context(), headerKey(n), value); err != nil {
				b.Fatal(err)
			}
		}
		if err := batch.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "headers/s")
}

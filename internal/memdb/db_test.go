package memdb

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/database"
	_ "github.com/btcsuite/btcd/database/ffldb" // the model
)

// steps is how many random steps are compared with ffldb.
const steps = 800

// code is what callers look at in an error.
func code(err error) string {
	if e, ok := errors.AsType[database.Error](err); ok {
		return e.ErrorCode.String()
	}
	return fmt.Sprint(err)
}

// ground is the bucket that the steps are taken in: ffldb keeps rows of its own in the
// topmost.
func ground(tx database.Tx) database.Bucket { return tx.Metadata().Bucket([]byte("ground")) }

// at walks down to a bucket by the bytes of a path; nil where it leads nowhere.
func at(tx database.Tx, path string) database.Bucket {
	b := ground(tx)
	for _, name := range path {
		if b = b.Bucket([]byte(string(name))); b == nil {
			return nil
		}
	}
	return b
}

// dump writes down all that a cursor shows of a bucket, there and back, and what is within.
func dump(b database.Bucket) string {
	var out bytes.Buffer
	c := b.Cursor()
	for ok := c.First(); ok; ok = c.Next() {
		fmt.Fprintf(&out, "%q=%q ", c.Key(), c.Value())
	}
	for ok := c.Last(); ok; ok = c.Prev() {
		fmt.Fprintf(&out, "%q ", c.Key())
	}
	out.WriteString("| ")
	_ = b.ForEach(func(k, v []byte) error { fmt.Fprintf(&out, "%q=%q ", k, v); return nil })
	_ = b.ForEachBucket(func(name []byte) error {
		fmt.Fprintf(&out, "%q(%s) ", name, dump(b.Bucket(name)))
		return nil
	})
	return out.String()
}

// step does one random thing to a bucket and says what came of it.
func step(rng *rand.Rand, tx database.Tx) string {
	paths := []string{"", "a", "b", "ab", "ba", "abc"}
	path, key, value := paths[rng.IntN(len(paths))], fmt.Sprint(rng.IntN(30)), []byte(fmt.Sprint(rng.Uint32()))
	name, kind := []byte{"abc"[rng.IntN(3)]}, rng.IntN(12)
	b := at(tx, path)
	if b == nil {
		return "no bucket"
	}
	switch kind {
	case 0:
		_, err := b.CreateBucket(name)
		return code(err)
	case 1:
		_, err := b.CreateBucketIfNotExists(name)
		return code(err)
	case 2:
		if rng.IntN(4) == 0 {
			return code(b.DeleteBucket(name))
		}
		return ""
	case 3:
		return code(b.Delete([]byte(key)))
	case 4:
		return fmt.Sprintf("%q", b.Get([]byte(key)))
	case 5:
		c := b.Cursor()
		if ok := c.Seek([]byte(key)); !ok || c.Value() == nil { // beyond the values the two differ
			return ""
		}
		return fmt.Sprintf("%q %q %v", c.Key(), c.Value(), code(c.Delete()))
	case 6:
		return code(b.Put(nil, value))
	case 7:
		return code(b.Put([]byte(key), nil))
	default:
		return code(b.Put([]byte(key), value))
	}
}

func TestBehavesAsFfldbDoes(t *testing.T) {
	model, err := database.Create("ffldb", filepath.Join(t.TempDir(), "db"), chaincfg.RegressionNetParams.Net)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	ours := New()
	for _, db := range []database.DB{model, ours} {
		if err := db.Update(func(tx database.Tx) error {
			_, err := tx.Metadata().CreateBucket([]byte("ground"))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range uint64(steps / 10) {
		results := make([]string, 2)
		for i, db := range []database.DB{model, ours} {
			rng := rand.New(rand.NewPCG(seed, 1))
			stop := errors.New("rolled back")
			err := db.Update(func(tx database.Tx) error {
				for range 10 {
					results[i] += step(rng, tx) + "\n"
				}
				results[i] += dump(ground(tx))
				if rng.IntN(3) == 0 {
					return stop
				}
				return nil
			})
			if err != nil && !errors.Is(err, stop) {
				t.Fatal(err)
			}
			if err := db.View(func(tx database.Tx) error {
				results[i] += dump(ground(tx)) + code(tx.Metadata().Put([]byte("k"), nil)) + code(tx.Metadata().DeleteBucket([]byte("a")))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if results[0] != results[1] {
			t.Fatalf("round %d\nffldb %s\nours  %s", seed, results[0], results[1])
		}
	}
}

func TestBlocksAsFfldbKeepsThem(t *testing.T) {
	model, err := database.Create("ffldb", filepath.Join(t.TempDir(), "db"), chaincfg.RegressionNetParams.Net)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	block, other := btcutil.NewBlock(chaincfg.RegressionNetParams.GenesisBlock), chaincfg.MainNetParams.GenesisHash
	var results [2]string
	for i, db := range []database.DB{model, New()} {
		note := func(raw []byte, err error) { results[i] += fmt.Sprintf("%x %v\n", raw, code(err)) }
		if err := db.Update(func(tx database.Tx) error {
			note(nil, tx.StoreBlock(block))
			note(nil, tx.StoreBlock(block))
			note(tx.FetchBlock(block.Hash()))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.View(func(tx database.Tx) error {
			note(nil, tx.StoreBlock(block))
			note(tx.FetchBlock(block.Hash()))
			note(tx.FetchBlock(other))
			note(tx.FetchBlockHeader(block.Hash()))
			note(tx.FetchBlockRegion(&database.BlockRegion{Hash: block.Hash(), Offset: 4, Len: 32}))
			note(tx.FetchBlockRegion(&database.BlockRegion{Hash: block.Hash(), Offset: 280, Len: 32}))
			there, err := tx.HasBlock(other)
			note(nil, err)
			pruned, err := tx.BeenPruned()
			note(nil, err)
			results[i] += fmt.Sprint(there, pruned)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if results[0] != results[1] {
		t.Fatalf("ffldb\n%s\nours\n%s", results[0], results[1])
	}
}

func TestReaderKeepsWhatItBeganWith(t *testing.T) {
	db := New()
	put := func(db *DB, value string) {
		t.Helper()
		if err := db.Update(func(tx database.Tx) error { return tx.Metadata().Put([]byte("key"), []byte(value)) }); err != nil {
			t.Fatal(err)
		}
	}
	get := func(tx database.Tx) string { return string(tx.Metadata().Get([]byte("key"))) }
	put(db, "first")
	reader, err := db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	branch := db.Copy()
	put(db, "second")
	put(branch, "third")
	for _, c := range []struct {
		db   *DB
		want string
	}{{db, "second"}, {branch, "third"}} {
		if err := c.db.View(func(tx database.Tx) error {
			if got := get(tx); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if got := get(reader); got != "first" {
		t.Errorf("the reader sees %q", got)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := reader.Commit(); code(err) != database.ErrTxClosed.String() {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Begin(true); code(err) != database.ErrDbNotOpen.String() {
		t.Error(err)
	}
}

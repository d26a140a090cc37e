package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
	dsleveldb "github.com/ipfs/go-ds-leveldb"
	"github.com/syndtr/goleveldb/leveldb"
	ldberrors "github.com/syndtr/goleveldb/leveldb/errors"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/iterator"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"
)

// bloomBits per key of a table: 1 % false positives. Source: leveldb's documentation.
const bloomBits = 10

// DamagedError says that the database cannot be read, not even after the repair
// that leveldb tries first.
type DamagedError struct {
	Path string
	Err  error
}

// Error names the path and says what to do.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("the database in %s is damaged: %v; move that folder away and start again: "+
		"headers and peers are fetched anew, blocks stay, bans and the journal of own transactions are lost", e.Path, e.Err)
}

// Unwrap returns what leveldb said.
func (e *DamagedError) Unwrap() error { return e.Err }

// disk is go-ds-leveldb with writes that do not wait for the disk, a Sync that
// does, and queries that report what they could not read.
type disk struct {
	*dsleveldb.Datastore
	path string
}

func openDisk(path string) (*disk, error) {
	if err := makeDir(path); err != nil {
		return nil, err
	}
	ds, err := dsleveldb.NewDatastore(path, &dsleveldb.Options{Filter: filter.NewBloomFilter(bloomBits)})
	switch {
	case err == nil:
		return &disk{Datastore: ds, path: path}, nil
	case ldberrors.IsCorrupted(err):
		return nil, &DamagedError{Path: path, Err: err}
	default:
		return nil, explain(path, err)
	}
}

// Put stores without waiting for the disk.
func (d *disk) Put(_ context.Context, key datastore.Key, value []byte) error {
	return d.DB.Put(key.Bytes(), value, nil)
}

// Delete removes without waiting for the disk.
func (d *disk) Delete(_ context.Context, key datastore.Key) error {
	return d.DB.Delete(key.Bytes(), nil)
}

// Batch collects writes that happen together or not at all.
func (d *disk) Batch(context.Context) (datastore.Batch, error) {
	return &batch{db: d.DB}, nil
}

// Sync returns once all that was written before is on the disk. leveldb offers
// this only as a property of a write, and even then leaves out the journal before
// the current one, which lives on until its table is written; so sync the
// journals themselves. One that vanishes meanwhile has become a synced table.
func (d *disk) Sync(context.Context, datastore.Key) error {
	journals, err := filepath.Glob(filepath.Join(d.path, "*.log"))
	if err != nil {
		return fmt.Errorf("find journals: %w", err)
	}
	for _, path := range append(journals, d.path) { // the folder last: it holds the journals' names
		if err := syncFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sync %s: %w", path, err)
		}
	}
	return nil
}

func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// Query is go-ds-leveldb's, but an iterator that stops at a damaged block ends in
// an error and not as if that were all there is.
func (d *disk) Query(_ context.Context, q query.Query) (query.Results, error) {
	rest := q // what is left to do for the naive implementation
	var keys *util.Range
	if prefix := datastore.NewKey(q.Prefix).String(); prefix != "/" {
		keys = util.BytesPrefix([]byte(prefix + "/"))
		rest.Prefix = ""
	}
	it := d.DB.NewIterator(keys, nil)
	next := it.Next
	if len(q.Orders) > 0 {
		switch q.Orders[0].(type) {
		case query.OrderByKey, *query.OrderByKey:
			rest.Orders = nil
		case query.OrderByKeyDescending, *query.OrderByKeyDescending:
			rest.Orders = nil
			next = func() bool {
				next = it.Prev
				return it.Last()
			}
		}
	}
	failed := false
	results := query.ResultsFromIterator(q, query.Iterator{
		Next: func() (query.Result, bool) {
			if !failed && next() {
				return query.Result{Entry: entry(it, q.KeysOnly)}, true
			}
			if err := it.Error(); err != nil && !failed {
				failed = true
				return query.Result{Error: fmt.Errorf("read %s: %w", d.path, err)}, true
			}
			return query.Result{}, false
		},
		Close: func() error {
			it.Release()
			return nil
		},
	})
	return query.NaiveQueryApply(rest, results), nil
}

// entry copies, because leveldb reuses the iterator's memory.
func entry(it iterator.Iterator, keysOnly bool) query.Entry {
	e := query.Entry{Key: string(it.Key()), Size: len(it.Value())}
	if !keysOnly {
		e.Value = append([]byte{}, it.Value()...)
	}
	return e
}

type batch struct {
	db     *leveldb.DB
	writes leveldb.Batch
}

func (b *batch) Put(_ context.Context, key datastore.Key, value []byte) error {
	b.writes.Put(key.Bytes(), value)
	return nil
}

func (b *batch) Delete(_ context.Context, key datastore.Key) error {
	b.writes.Delete(key.Bytes())
	return nil
}

// Commit writes the batch whole, without waiting for the disk, and empties it.
func (b *batch) Commit(context.Context) error {
	if err := b.db.Write(&b.writes, &opt.WriteOptions{}); err != nil {
		return err
	}
	b.writes.Reset()
	return nil
}

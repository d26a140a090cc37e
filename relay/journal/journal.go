package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
)

const (
	// maxEntries bounds the journal: 10,000 transactions of 1 kB are 10 MB. Those
	// that are over go first, the oldest first.
	maxEntries = 10_000
	// keepOver is how long an entry is kept that is over, for the operator's books.
	keepOver = 30 * 24 * time.Hour
	// flushEvery is what a crash may lose of anything but a submission.
	flushEvery = time.Second
	// pruneEvery is how often it is looked for what has been kept long enough: a pass
	// over 10,000 entries, 1 ms.
	pruneEvery = time.Hour
)

// ErrFull says that a transaction cannot be noted because so many others are on
// their way.
var ErrFull = errors.New("10,000 own transactions are on their way: wait until some are mined")

// Journal is the operator's own transactions. It is safe for concurrent use. What
// it is told of others' transactions it does not note.
type Journal struct {
	ds   datastore.Batching
	salt maphash.Seed

	// writing is held while the disk is written: of two flushes the later must win.
	writing sync.Mutex

	mu      sync.Mutex // nothing is read or written under it
	entries map[chainhash.Hash]*Entry
	dirty   map[chainhash.Hash]struct{} // without an entry: to be deleted
}

// Open reads the journal from its view and returns how many records could not be
// read; they stay on disk.
func Open(ctx context.Context, ds datastore.Batching) (j *Journal, bad int, err error) {
	j = &Journal{ds: ds, salt: maphash.MakeSeed(), entries: make(map[chainhash.Hash]*Entry), dirty: make(map[chainhash.Hash]struct{})}
	results, err := ds.Query(ctx, query.Query{})
	if err != nil {
		return nil, 0, fmt.Errorf("read the transaction journal: %w", err)
	}
	records, err := results.Rest()
	if err != nil {
		return nil, 0, fmt.Errorf("read the transaction journal: %w", err)
	}
	for _, r := range records {
		e, err := decode(r.Value)
		if err != nil || datastore.NewKey(r.Key) != key(e.Tx) {
			bad++
			continue
		}
		j.entries[e.Tx] = e
	}
	return j, bad, nil
}

// Run writes to disk every second until ctx ends, and once more then.
func (j *Journal) Run(ctx context.Context) error {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	var pruned time.Time
	for {
		select {
		case <-ctx.Done():
			return j.Flush(context.WithoutCancel(ctx))
		case now := <-ticker.C:
			if now.Sub(pruned) >= pruneEvery {
				j.prune(now)
				pruned = now
			}
			if err := j.Flush(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// Flush writes what has changed. What could not be written is written by the next.
func (j *Journal) Flush(ctx context.Context) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	return j.flush(ctx)
}

// flush is Flush, under writing.
func (j *Journal) flush(ctx context.Context) error {
	values, err := j.changes()
	if err == nil && len(values) > 0 {
		err = j.write(ctx, values)
	}
	if err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		for hash := range values {
			j.dirty[hash] = struct{}{}
		}
		return fmt.Errorf("write the transaction journal: %w", err)
	}
	return nil
}

// changes takes the records to be written, nil where one is to be deleted.
func (j *Journal) changes() (map[chainhash.Hash][]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	values := make(map[chainhash.Hash][]byte, len(j.dirty))
	for hash := range j.dirty {
		values[hash] = nil
		if e, ok := j.entries[hash]; ok {
			value, err := e.encode()
			if err != nil {
				return nil, err
			}
			values[hash] = value
		}
	}
	clear(j.dirty)
	return values, nil
}

func (j *Journal) write(ctx context.Context, values map[chainhash.Hash][]byte) error {
	batch, err := j.ds.Batch(ctx)
	if err != nil {
		return err
	}
	for hash, value := range values {
		if value == nil {
			err = batch.Delete(ctx, key(hash))
		} else {
			err = batch.Put(ctx, key(hash), value)
		}
		if err != nil {
			return err
		}
	}
	return batch.Commit(ctx)
}

func key(hash chainhash.Hash) datastore.Key { return datastore.NewKey(hash.String()) }

// Submitted enters a transaction and has it on disk when it returns, safe from a
// power cut: until it is stemmed nobody else has it. One that was dropped before
// begins anew; one that is on its way is left alone.
func (j *Journal) Submitted(ctx context.Context, now time.Time, tx *btcutil.Tx, raw []byte) error {
	hash := *tx.Hash()
	j.writing.Lock()
	defer j.writing.Unlock()
	old, err := j.enter(&Entry{Tx: hash, Raw: slices.Clone(raw), State: Waiting, Submitted: now})
	if err != nil {
		return err
	}
	err = j.flush(ctx)
	if err == nil {
		err = j.ds.Sync(ctx, datastore.NewKey("/"))
	}
	if err != nil { // the caller will not send it
		j.restore(hash, old)
		return fmt.Errorf("note transaction %v: %w", hash, err)
	}
	return nil
}

// enter puts an entry in and returns what was in its place.
func (j *Journal) enter(e *Entry) (old *Entry, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	old = j.entries[e.Tx]
	if old != nil && old.State != Dropped {
		return old, nil
	}
	if old == nil && len(j.entries) >= maxEntries && !j.makeRoom() {
		return nil, ErrFull
	}
	j.entries[e.Tx] = e
	j.dirty[e.Tx] = struct{}{}
	return old, nil
}

// restore puts back what enter has returned.
func (j *Journal) restore(hash chainhash.Hash, old *Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if old == nil {
		delete(j.entries, hash)
	} else {
		j.entries[hash] = old
	}
	j.dirty[hash] = struct{}{}
}

// makeRoom drops the oldest entry that is over, and says whether there was one.
func (j *Journal) makeRoom() bool {
	var oldest *Entry
	for _, e := range j.entries {
		if e.over() && (oldest == nil || e.Submitted.Before(oldest.Submitted)) {
			oldest = e
		}
	}
	if oldest != nil {
		j.remove(oldest.Tx)
	}
	return oldest != nil
}

// prune drops what has been over for long.
func (j *Journal) prune(now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for hash, e := range j.entries {
		if e.over() && now.Sub(e.end()) > keepOver {
			j.remove(hash)
		}
	}
}

func (j *Journal) remove(tx chainhash.Hash) {
	delete(j.entries, tx)
	j.dirty[tx] = struct{}{}
}

// Owns says whether a transaction is the operator's.
func (j *Journal) Owns(tx chainhash.Hash) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, ok := j.entries[tx]
	return ok
}

// Awaits says whether a block may hold any that no block is known to hold. What was
// dropped is among them: others may have kept it.
func (j *Journal) Awaits() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.entries {
		if e.State != Mined {
			return true
		}
	}
	return false
}

// Entry returns a copy of a transaction's life.
func (j *Journal) Entry(tx chainhash.Hash) (Entry, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e, ok := j.entries[tx]; ok {
		return e.copy(), true
	}
	return Entry{}, false
}

// List returns copies of all, the last submitted first.
func (j *Journal) List() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := make([]Entry, 0, len(j.entries))
	for _, e := range j.entries {
		all = append(all, e.copy())
	}
	slices.SortFunc(all, func(a, b Entry) int {
		if order := b.Submitted.Compare(a.Submitted); order != 0 {
			return order
		}
		return bytes.Compare(a.Tx[:], b.Tx[:])
	})
	return all
}

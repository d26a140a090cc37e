package stempool

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"

	"github.com/pappus-network/pappus/dandelion"
)

// Shelf keeps held transactions and their embargoes on disk, so that a node that is
// started again still fluffs them. What is put is written by the next Flush. It is
// safe for concurrent use.
type Shelf struct {
	ds datastore.Batching

	// writing is held while a Flush writes: of two the later one must win.
	writing sync.Mutex

	mu    sync.Mutex
	dirty map[chainhash.Hash]change
}

// change is a record to be written, or deleted if the value is nil.
type change struct {
	value []byte
	own   bool
}

// NewShelf returns a shelf on a view of its own.
func NewShelf(ds datastore.Batching) *Shelf {
	return &Shelf{ds: ds, dirty: make(map[chainhash.Hash]change)}
}

// Put notes a transaction.
func (s *Shelf) Put(h dandelion.Held, raw []byte) {
	c := change{encode(h, raw), h.From == own}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty[h.Tx] = c
}

// Delete forgets one.
func (s *Shelf) Delete(tx chainhash.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty[tx] = change{}
}

// Flush writes what was noted. If the node's own transactions are among it, it
// returns once they are safe from a power cut as well: nobody else has them yet.
func (s *Shelf) Flush(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	dirty := s.dirty
	s.dirty = make(map[chainhash.Hash]change)
	s.mu.Unlock()
	if len(dirty) == 0 {
		return nil
	}
	if err := s.write(ctx, dirty); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		maps.Copy(dirty, s.dirty) // what is newer
		s.dirty = dirty
		return fmt.Errorf("write the stempool: %w", err)
	}
	return nil
}

func (s *Shelf) write(ctx context.Context, dirty map[chainhash.Hash]change) error {
	batch, err := s.ds.Batch(ctx)
	if err != nil {
		return err
	}
	sync := false
	for hash, c := range dirty {
		if c.value == nil {
			err = batch.Delete(ctx, key(hash))
		} else {
			err = batch.Put(ctx, key(hash), c.value)
		}
		if err != nil {
			return err
		}
		sync = sync || c.own
	}
	if err := batch.Commit(ctx); err != nil || !sync {
		return err
	}
	return s.ds.Sync(ctx, datastore.NewKey("/"))
}

func key(tx chainhash.Hash) datastore.Key { return datastore.NewKey(tx.String()) }

// Load returns what is on the shelf, and how many records could not be read; those
// are deleted. The first embargo to end comes first, but what a transaction spends
// from comes before it, so that they can be restored in this order.
func (s *Shelf) Load(ctx context.Context) (all []Record, bad int, err error) {
	results, err := s.ds.Query(ctx, query.Query{})
	if err != nil {
		return nil, 0, fmt.Errorf("read the stempool: %w", err)
	}
	entries, err := results.Rest()
	if err != nil {
		return nil, 0, fmt.Errorf("read the stempool: %w", err)
	}
	for _, e := range entries {
		r, ok := decode(e.Value)
		if !ok || datastore.NewKey(e.Key) != key(r.Held.Tx) {
			bad++
			if err := s.ds.Delete(ctx, datastore.NewKey(e.Key)); err != nil {
				return nil, bad, fmt.Errorf("clean the stempool: %w", err)
			}
			continue
		}
		all = append(all, r)
	}
	return parentsFirst(all), bad, nil
}

func parentsFirst(all []Record) []Record {
	slices.SortFunc(all, func(a, b Record) int {
		return cmp.Or(a.Held.Until.Compare(b.Held.Until), slices.Compare(a.Held.Tx[:], b.Held.Tx[:]))
	})
	left := make(map[chainhash.Hash]Record, len(all))
	for _, r := range all {
		left[r.Held.Tx] = r
	}
	sorted := make([]Record, 0, len(all))
	var place func(chainhash.Hash)
	place = func(hash chainhash.Hash) {
		r, ok := left[hash]
		if !ok {
			return
		}
		delete(left, hash)
		for _, in := range r.Tx.MsgTx().TxIn {
			place(in.PreviousOutPoint.Hash)
		}
		sorted = append(sorted, r)
	}
	for _, r := range all {
		place(r.Held.Tx)
	}
	return sorted
}

package journal

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	// maxEntries bounds the journal: 10,000 transactions of 1 kB are 10 MB. Those
	// that are over go first, the oldest first.
	maxEntries = 10_000
	// maxCounted bounds how many peers or groups are told apart: more say nothing
	// more about whether the network has a transaction. 8 bytes each.
	maxCounted = 64
	// flushEvery is what a crash may lose of anything but a submission.
	flushEvery = time.Second
)

// Journal is the operator's own transactions. It is safe for concurrent use. What
// it is told of others' transactions it does not note.
type Journal struct {
	ds   datastore.Batching
	salt maphash.Seed

	mu      sync.Mutex
	entries map[chainhash.Hash]*Entry
	dirty   map[chainhash.Hash]struct{}
	dropped []chainhash.Hash // from disk, with the next flush
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
		if err != nil {
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
	for {
		select {
		case <-ctx.Done():
			return j.Flush(context.WithoutCancel(ctx))
		case <-ticker.C:
			if err := j.Flush(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// Flush writes what has changed.
func (j *Journal) Flush(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.dirty) == 0 && len(j.dropped) == 0 {
		return nil
	}
	batch, err := j.ds.Batch(ctx)
	if err != nil {
		return fmt.Errorf("write the transaction journal: %w", err)
	}
	for hash := range j.dirty {
		value, err := j.entries[hash].encode()
		if err == nil {
			err = batch.Put(ctx, key(hash), value)
		}
		if err != nil {
			return fmt.Errorf("write the transaction journal: %w", err)
		}
	}
	for _, hash := range j.dropped {
		if err := batch.Delete(ctx, key(hash)); err != nil {
			return fmt.Errorf("write the transaction journal: %w", err)
		}
	}
	if err := batch.Commit(ctx); err != nil {
		return fmt.Errorf("write the transaction journal: %w", err)
	}
	clear(j.dirty)
	j.dropped = nil
	return nil
}

func key(hash chainhash.Hash) datastore.Key { return datastore.NewKey(hash.String()) }

// Submitted enters a transaction and has it on disk when it returns. One that was
// dropped before begins anew.
func (j *Journal) Submitted(ctx context.Context, now time.Time, tx *btcutil.Tx, raw []byte) error {
	j.mu.Lock()
	if e, ok := j.entries[*tx.Hash()]; !ok || e.State == Dropped {
		j.entries[*tx.Hash()] = &Entry{Tx: *tx.Hash(), Raw: slices.Clone(raw), State: Waiting, Submitted: now}
		j.dirty[*tx.Hash()] = struct{}{}
		j.bound()
	}
	j.mu.Unlock()
	return j.Flush(ctx)
}

// bound drops the oldest that are over, or if there are none the oldest.
func (j *Journal) bound() {
	for len(j.entries) > maxEntries {
		var oldest *Entry
		for _, e := range j.entries {
			if oldest == nil || (e.over() && !oldest.over()) || (e.over() == oldest.over() && e.Submitted.Before(oldest.Submitted)) {
				oldest = e
			}
		}
		j.remove(oldest.Tx)
	}
}

func (j *Journal) remove(tx chainhash.Hash) {
	delete(j.entries, tx)
	delete(j.dirty, tx)
	j.dropped = append(j.dropped, tx)
}

// Refused takes back what was submitted and was not valid.
func (j *Journal) Refused(tx chainhash.Hash) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e, ok := j.entries[tx]; ok && (e.State == Waiting || e.State == Fluffed) && e.FirstSeen.IsZero() {
		j.remove(tx)
	}
}

// change has f change an entry that is not over, if there is one.
func (j *Journal) change(tx chainhash.Hash, f func(*Entry)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e, ok := j.entries[tx]; ok && !e.over() {
		f(e)
		j.dirty[tx] = struct{}{}
	}
}

// Waiting notes that there is no peer to hand it to.
func (j *Journal) Waiting(tx chainhash.Hash, embargo time.Time) {
	j.change(tx, func(e *Entry) { e.Embargo = embargo })
}

// Stemmed notes that it was handed on.
func (j *Journal) Stemmed(now time.Time, tx chainhash.Hash, embargo time.Time) {
	j.change(tx, func(e *Entry) {
		e.Stems, e.Embargo = append(e.Stems, now), embargo
		if e.State == Waiting {
			e.State = Stemmed
		}
	})
}

// Fluffed notes that it is in the mempool, the first time only.
func (j *Journal) Fluffed(now time.Time, tx chainhash.Hash, by string) {
	j.change(tx, func(e *Entry) {
		if e.Fluffed.IsZero() {
			e.Fluffed, e.FluffedBy = now, by
		}
		if e.State == Waiting || e.State == Stemmed {
			e.State = Fluffed
		}
	})
}

// SeenFrom notes that a peer has shown it.
func (j *Journal) SeenFrom(now time.Time, tx chainhash.Hash, from peer.ID, group string) {
	j.change(tx, func(e *Entry) {
		if e.FirstSeen.IsZero() {
			e.FirstSeen = now
			e.seenPeers, e.seenGroups = make(map[uint64]struct{}), make(map[uint64]struct{})
		}
		e.LastSeen = now
		if e.State != Mined {
			e.State = Seen
		}
		if e.seenPeers == nil || len(e.seenPeers) >= maxCounted {
			return // restarted since, or enough
		}
		e.seenPeers[maphash.String(j.salt, string(from))] = struct{}{}
		e.seenGroups[maphash.String(j.salt, group)] = struct{}{}
		e.Peers, e.Groups = max(e.Peers, len(e.seenPeers)), max(e.Groups, len(e.seenGroups))
	})
}

// Mined notes the block that holds it.
func (j *Journal) Mined(now time.Time, tx chainhash.Hash, height int32, block chainhash.Hash) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e, ok := j.entries[tx]; ok { // even if it was dropped: somebody had it
		e.State, e.Mined, e.Height, e.Block = Mined, now, height, block
		j.dirty[tx] = struct{}{}
	}
}

// Unmined notes that its block has left the main chain.
func (j *Journal) Unmined(tx chainhash.Hash) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e, ok := j.entries[tx]; ok && e.State == Mined {
		e.State, e.Mined, e.Height, e.Block = Fluffed, time.Time{}, 0, chainhash.Hash{}
		j.dirty[tx] = struct{}{}
	}
}

// Dropped notes that it goes nowhere any more.
func (j *Journal) Dropped(now time.Time, tx chainhash.Hash, why string) {
	j.change(tx, func(e *Entry) { e.State, e.DroppedAt, e.Why = Dropped, now, why })
}

// Owns says whether a transaction is the operator's.
func (j *Journal) Owns(tx chainhash.Hash) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, ok := j.entries[tx]
	return ok
}

// Pending is how many are neither mined nor dropped.
func (j *Journal) Pending() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, e := range j.entries {
		if !e.over() {
			n++
		}
	}
	return n
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
		return slices.Compare(a.Tx[:], b.Tx[:])
	})
	return all
}

func (e *Entry) copy() Entry {
	c := *e
	c.Stems = slices.Clone(e.Stems)
	c.seenPeers, c.seenGroups = nil, nil
	return c
}

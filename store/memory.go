package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
)

var errClosed = errors.New("store is closed")

// memory behaves as [disk] does: values are copied, queries see one moment in the
// order of the keys, batches are whole, and nothing works once it is closed. It
// has no goroutines (leveldb has, and one of them outlives Close by a second), so
// that it can be used in a synctest bubble.
type memory struct {
	mu     sync.RWMutex
	values map[datastore.Key][]byte // nil = closed
}

func newMemory() *memory {
	return &memory{values: make(map[datastore.Key][]byte)}
}

func (m *memory) Put(_ context.Context, key datastore.Key, value []byte) error {
	return m.write(map[datastore.Key][]byte{key: clone(value)})
}

func (m *memory) Delete(_ context.Context, key datastore.Key) error {
	return m.write(map[datastore.Key][]byte{key: nil})
}

// write carries out puts and, where the value is nil, deletes.
func (m *memory) write(changes map[datastore.Key][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		return errClosed
	}
	for key, value := range changes {
		if value == nil {
			delete(m.values, key)
		} else {
			m.values[key] = value
		}
	}
	return nil
}

func (m *memory) Get(_ context.Context, key datastore.Key) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	value, ok := m.values[key]
	switch {
	case m.values == nil:
		return nil, errClosed
	case !ok:
		return nil, datastore.ErrNotFound
	default:
		return clone(value), nil
	}
}

func (m *memory) Has(ctx context.Context, key datastore.Key) (bool, error) {
	return datastore.GetBackedHas(ctx, m, key)
}

func (m *memory) GetSize(ctx context.Context, key datastore.Key) (int, error) {
	return datastore.GetBackedSize(ctx, m, key)
}

func (m *memory) Query(_ context.Context, q query.Query) (query.Results, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.values == nil {
		return nil, errClosed
	}
	keys := slices.SortedFunc(maps.Keys(m.values), func(a, b datastore.Key) int {
		return strings.Compare(a.String(), b.String())
	})
	entries := make([]query.Entry, 0, len(keys))
	for _, key := range keys {
		e := query.Entry{Key: key.String(), Size: len(m.values[key])}
		if !q.KeysOnly {
			e.Value = clone(m.values[key])
		}
		entries = append(entries, e)
	}
	return query.NaiveQueryApply(q, query.ResultsWithEntries(q, entries)), nil
}

func (m *memory) Batch(context.Context) (datastore.Batch, error) {
	return &memoryBatch{memory: m, changes: make(map[datastore.Key][]byte)}, nil
}

// Sync has nowhere to write to.
func (m *memory) Sync(context.Context, datastore.Key) error { return nil }

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values = nil
	return nil
}

type memoryBatch struct {
	memory  *memory
	changes map[datastore.Key][]byte // nil = delete
}

func (b *memoryBatch) Put(_ context.Context, key datastore.Key, value []byte) error {
	b.changes[key] = clone(value)
	return nil
}

func (b *memoryBatch) Delete(_ context.Context, key datastore.Key) error {
	b.changes[key] = nil
	return nil
}

func (b *memoryBatch) Commit(context.Context) error {
	if err := b.memory.write(b.changes); err != nil {
		return err
	}
	clear(b.changes)
	return nil
}

// clone never returns nil, which stands for deleted.
func clone(value []byte) []byte {
	return append(make([]byte, 0, len(value)), value...)
}

package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/keytransform"
)

// folder of the database inside the data directory.
const folder = "store"

// ownerForm is what an owner may be called: one plain path element.
var ownerForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// Store is the database of one data directory. It is safe for concurrent use.
type Store struct {
	data datastore.Batching
	lock *FileLock // nil in memory

	mu     sync.Mutex
	views  map[string]datastore.Batching
	closed bool
}

// Open locks the data directory and opens the database in it, creating both where
// they are missing. See [LockedError], [NewerLayoutError] and [DamagedError] for
// what may stand in the way.
func Open(dir string) (*Store, error) {
	lock, err := Lock(dir)
	if err != nil {
		return nil, err
	}
	s, err := openLocked(filepath.Join(dir, folder), lock)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return s, nil
}

func openLocked(path string, lock *FileLock) (*Store, error) {
	d, err := openDisk(path)
	if err != nil {
		return nil, err
	}
	if err := checkLayout(context.Background(), d); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return newStore(d, lock), nil
}

// OpenMemory returns a store that is gone when closed. It behaves as [Open]'s do and
// has no goroutines, so that it works in a synctest bubble.
func OpenMemory() *Store {
	return newStore(newMemory(), nil)
}

func newStore(data datastore.Batching, lock *FileLock) *Store {
	return &Store{data: data, lock: lock, views: make(map[string]datastore.Batching)}
}

// View returns the owner's namespace; the same owner always gets the same view.
// Closing a view does nothing: the store stays open for the others. An owner's
// name is a constant of the program, so a bad one panics: it takes lower-case
// letters, digits and dashes, at most 32, and is not "layout".
func (s *Store) View(owner string) datastore.Batching {
	if !ownerForm.MatchString(owner) || owner == layoutKey.Name() {
		panic(fmt.Sprintf("store: bad owner name %q", owner))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.views[owner]
	if !ok {
		prefix := keytransform.PrefixTransform{Prefix: datastore.NewKey(owner)}
		v = view{keytransform.Wrap(s.data, prefix)}
		s.views[owner] = v
	}
	return v
}

// Close writes everything to the disk and gives the data directory back. The
// second time it does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := errors.Join(
		s.data.Sync(context.Background(), datastore.NewKey("/")),
		s.data.Close(),
	)
	if s.lock != nil {
		err = errors.Join(err, s.lock.Release())
	}
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// view hides the engine's other abilities: transactions and Close would reach
// beyond the owner's namespace.
type view struct {
	datastore.Batching
}

func (view) Close() error { return nil }

package memdb

import (
	"errors"
	"sync"

	"github.com/btcsuite/btcd/database"
	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// state is all that is committed at one moment. It is never changed.
type state struct {
	rows    *iradix.Tree[[]byte]
	buckets uint32 // numbers given; 0 is the topmost bucket
}

// DB implements database.DB. It is safe for concurrent use.
type DB struct {
	writing sync.Mutex // held by the one transaction that may write

	mu     sync.RWMutex
	now    state
	closed bool
}

// New returns an empty database.
func New() *DB { return &DB{now: state{rows: iradix.New[[]byte]()}} }

// Copy returns a database that begins with what is committed in this one, which may
// be closed. It costs nothing.
func (db *DB) Copy() *DB {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return &DB{now: db.now}
}

// Type implements database.DB.
func (db *DB) Type() string { return "memdb" }

// Begin implements database.DB.
func (db *DB) Begin(writable bool) (database.Tx, error) { return db.begin(writable) }

func (db *DB) begin(writable bool) (*tx, error) {
	if writable {
		db.writing.Lock()
	}
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.closed {
		if writable {
			db.writing.Unlock()
		}
		return nil, fault(database.ErrDbNotOpen, "database is closed")
	}
	return &tx{db: db, writable: writable, rows: db.now.rows.Txn(), buckets: db.now.buckets}, nil
}

// View implements database.DB.
func (db *DB) View(read func(database.Tx) error) error {
	t, err := db.begin(false)
	if err != nil {
		return err
	}
	defer t.end()
	return read(managed{t})
}

// Update implements database.DB.
func (db *DB) Update(write func(database.Tx) error) error {
	t, err := db.begin(true)
	if err != nil {
		return err
	}
	defer t.end() // nothing is left to do once it is committed
	if err := write(managed{t}); err != nil {
		return err
	}
	return t.Commit()
}

// Close implements database.DB. A transaction that writes is waited for.
func (db *DB) Close() error {
	db.writing.Lock()
	defer db.writing.Unlock()
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return fault(database.ErrDbNotOpen, "database is closed")
	}
	db.closed = true
	return nil
}

// managed is a transaction that ends with the function it was given to.
type managed struct{ *tx }

// Commit implements database.Tx.
func (managed) Commit() error { panic("memdb: managed transaction is not to be committed") }

// Rollback implements database.Tx.
func (managed) Rollback() error { panic("memdb: managed transaction is not to be rolled back") }

func fault(code database.ErrorCode, what string) error {
	return database.Error{ErrorCode: code, Description: what}
}

var errPrune = errors.New("memdb does not prune")

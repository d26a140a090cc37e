package memdb

import (
	"fmt"
	"math"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/wire/v2"
	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// tx implements database.Tx.
type tx struct {
	db       *DB
	writable bool
	closed   bool
	rows     *iradix.Txn[[]byte]
	buckets  uint32
}

func (t *tx) check(writes bool) error {
	switch {
	case t.closed:
		return fault(database.ErrTxClosed, "transaction is closed")
	case writes && !t.writable:
		return fault(database.ErrTxNotWritable, "transaction is read-only")
	}
	return nil
}

// end gives up what is not committed.
func (t *tx) end() {
	if t.closed {
		return
	}
	t.closed = true
	if t.writable {
		t.db.writing.Unlock()
	}
}

// Commit implements database.Tx.
func (t *tx) Commit() error {
	if err := t.check(true); err != nil {
		return err
	}
	t.db.mu.Lock()
	t.db.now = state{rows: t.rows.Commit(), buckets: t.buckets}
	t.db.mu.Unlock()
	t.end()
	return nil
}

// Rollback implements database.Tx.
func (t *tx) Rollback() error {
	if err := t.check(false); err != nil {
		return err
	}
	t.end()
	return nil
}

// Metadata implements database.Tx.
func (t *tx) Metadata() database.Bucket { return bucket{tx: t} }

func blockKey(hash *chainhash.Hash) []byte { return append([]byte{blockRow}, hash[:]...) }

// StoreBlock implements database.Tx.
func (t *tx) StoreBlock(block *btcutil.Block) error {
	if err := t.check(true); err != nil {
		return err
	}
	key := blockKey(block.Hash())
	if _, there := t.rows.Get(key); there {
		return fault(database.ErrBlockExists, fmt.Sprintf("block %v is there", block.Hash()))
	}
	raw, err := block.Bytes()
	if err != nil {
		return fmt.Errorf("store block %v: %w", block.Hash(), err)
	}
	t.rows.Insert(key, raw)
	return nil
}

// HasBlock implements database.Tx.
func (t *tx) HasBlock(hash *chainhash.Hash) (bool, error) {
	if err := t.check(false); err != nil {
		return false, err
	}
	_, there := t.rows.Get(blockKey(hash))
	return there, nil
}

// HasBlocks implements database.Tx.
func (t *tx) HasBlocks(hashes []chainhash.Hash) ([]bool, error) {
	return each(hashes, func(h *chainhash.Hash) (bool, error) { return t.HasBlock(h) })
}

// FetchBlock implements database.Tx.
func (t *tx) FetchBlock(hash *chainhash.Hash) ([]byte, error) {
	return t.FetchBlockRegion(&database.BlockRegion{Hash: hash, Len: math.MaxUint32})
}

// FetchBlocks implements database.Tx.
func (t *tx) FetchBlocks(hashes []chainhash.Hash) ([][]byte, error) {
	return each(hashes, t.FetchBlock)
}

// FetchBlockHeader implements database.Tx.
func (t *tx) FetchBlockHeader(hash *chainhash.Hash) ([]byte, error) {
	return t.FetchBlockRegion(&database.BlockRegion{Hash: hash, Len: wire.MaxBlockHeaderPayload})
}

// FetchBlockHeaders implements database.Tx.
func (t *tx) FetchBlockHeaders(hashes []chainhash.Hash) ([][]byte, error) {
	return each(hashes, t.FetchBlockHeader)
}

// FetchBlockRegion implements database.Tx. A length of math.MaxUint32 is up to the end.
func (t *tx) FetchBlockRegion(r *database.BlockRegion) ([]byte, error) {
	if err := t.check(false); err != nil {
		return nil, err
	}
	raw, there := t.rows.Get(blockKey(r.Hash))
	if !there {
		return nil, fault(database.ErrBlockNotFound, fmt.Sprintf("block %v is not there", r.Hash))
	}
	end := uint64(r.Offset) + uint64(r.Len)
	if r.Len == math.MaxUint32 {
		end = uint64(len(raw))
	}
	if end > uint64(len(raw)) || uint64(r.Offset) > end {
		return nil, fault(database.ErrBlockRegionInvalid,
			fmt.Sprintf("block %v has %d bytes, not %d and %d more", r.Hash, len(raw), r.Offset, r.Len))
	}
	return raw[r.Offset:end:end], nil
}

// FetchBlockRegions implements database.Tx.
func (t *tx) FetchBlockRegions(regions []database.BlockRegion) ([][]byte, error) {
	return each(regions, t.FetchBlockRegion)
}

// PruneBlocks implements database.Tx.
func (t *tx) PruneBlocks(uint64) ([]chainhash.Hash, error) { return nil, errPrune }

// BeenPruned implements database.Tx.
func (t *tx) BeenPruned() (bool, error) { return false, t.check(false) }

// each is one answer per question; the first error ends it.
func each[Q, A any](questions []Q, ask func(*Q) (A, error)) ([]A, error) {
	answers := make([]A, len(questions))
	for i := range questions {
		var err error
		if answers[i], err = ask(&questions[i]); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

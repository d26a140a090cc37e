package stempool

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/dandelion"
)

// A record is stored under the transaction's id:
//
//	1 version · 1 flags · 8 Unix nanoseconds of the embargo's end · 1 n · n edge · transaction
const (
	recordVersion = 1
	stemmedFlag   = 1
	recordHeader  = 1 + 1 + 8 + 1
)

// Shelf keeps held transactions and their embargoes on disk, so that a node that is
// started again still fluffs them. What is put is written by the next Flush. It is
// safe for concurrent use.
type Shelf struct {
	ds datastore.Batching

	mu    sync.Mutex
	dirty map[chainhash.Hash][]byte // nil: to be deleted
}

// Record is a transaction from the shelf.
type Record struct {
	Held dandelion.Held
	Tx   *btcutil.Tx
}

// NewShelf returns a shelf on a view of its own.
func NewShelf(ds datastore.Batching) *Shelf {
	return &Shelf{ds: ds, dirty: make(map[chainhash.Hash][]byte)}
}

// Put notes a transaction.
func (s *Shelf) Put(h dandelion.Held, raw []byte) {
	value := encode(h, raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty[h.Tx] = value
}

// Delete forgets one.
func (s *Shelf) Delete(tx chainhash.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty[tx] = nil
}

// Flush writes what was noted.
func (s *Shelf) Flush(ctx context.Context) error {
	s.mu.Lock()
	dirty := s.dirty
	s.dirty = make(map[chainhash.Hash][]byte)
	s.mu.Unlock()
	if len(dirty) == 0 {
		return nil
	}
	err := s.write(ctx, dirty)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		maps.Copy(dirty, s.dirty) // what is newer
		s.dirty = dirty
		return fmt.Errorf("write the stempool: %w", err)
	}
	return nil
}

func (s *Shelf) write(ctx context.Context, dirty map[chainhash.Hash][]byte) error {
	batch, err := s.ds.Batch(ctx)
	if err != nil {
		return err
	}
	for hash, value := range dirty {
		key := datastore.NewKey(hash.String())
		if value == nil {
			err = batch.Delete(ctx, key)
		} else {
			err = batch.Put(ctx, key, value)
		}
		if err != nil {
			return err
		}
	}
	return batch.Commit(ctx)
}

// Load returns what is on the shelf, the first embargo to end first, and how many
// records could not be read; those are deleted.
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
		if !ok || datastore.NewKey(e.Key).BaseNamespace() != r.Held.Tx.String() {
			bad++
			if err := s.ds.Delete(ctx, datastore.NewKey(e.Key)); err != nil {
				return nil, bad, fmt.Errorf("clean the stempool: %w", err)
			}
			continue
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Record) int { return a.Held.Until.Compare(b.Held.Until) })
	return all, bad, nil
}

func encode(h dandelion.Held, raw []byte) []byte {
	value := make([]byte, recordHeader, recordHeader+len(h.From)+len(raw))
	value[0] = recordVersion
	if h.Stemmed {
		value[1] = stemmedFlag
	}
	binary.BigEndian.PutUint64(value[2:], uint64(h.Until.UnixNano())) // after 1970
	value[10] = byte(len(h.From))                                     // a peer id has 34 to 42 bytes
	return append(append(value, h.From...), raw...)
}

func decode(value []byte) (r Record, ok bool) {
	if len(value) < recordHeader || value[0] != recordVersion || value[1] > stemmedFlag {
		return Record{}, false
	}
	n := int(value[10])
	if len(value) < recordHeader+n {
		return Record{}, false
	}
	tx, err := btcutil.NewTxFromBytes(value[recordHeader+n:])
	if err != nil {
		return Record{}, false
	}
	return Record{
		Tx: tx,
		Held: dandelion.Held{
			Tx: *tx.Hash(), From: peer.ID(value[recordHeader : recordHeader+n]), Stemmed: value[1] == stemmedFlag,
			Until: time.Unix(0, int64(binary.BigEndian.Uint64(value[2:]))), // as it was put
		},
	}, true
}

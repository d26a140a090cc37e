package discovery

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery/addrbook"
)

// saveBatch is how many entries are written at a time: 300 KB.
const saveBatch = 1000

var (
	secretKey = datastore.NewKey("secret")
	entryKey  = datastore.NewKey("entry")
)

// loadSecret reads the secret of a stored book, or draws one for a new book.
func loadSecret(ctx context.Context, ds datastore.Batching, src rand.Source) (secret [32]byte, err error) {
	raw, err := ds.Get(ctx, secretKey)
	if err == nil && len(raw) == len(secret) {
		return [32]byte(raw), nil
	}
	if err != nil && !errors.Is(err, datastore.ErrNotFound) {
		return secret, fmt.Errorf("read the address book's secret: %w", err)
	}
	for i := 0; i < len(secret); i += 8 {
		binary.LittleEndian.PutUint64(secret[i:], src.Uint64())
	}
	if err := ds.Put(ctx, secretKey, secret[:]); err != nil {
		return secret, fmt.Errorf("store the address book's secret: %w", err)
	}
	return secret, nil
}

// loadBook reads a stored book. What is damaged is left out and counted.
func loadBook(ctx context.Context, cfg addrbook.Config, ds datastore.Batching, src rand.Source, as addrbook.ASTable) (*addrbook.Book, addrbook.Loss, error) {
	secret, err := loadSecret(ctx, ds, src)
	if err != nil {
		return nil, addrbook.Loss{}, err
	}
	results, err := ds.Query(ctx, query.Query{Prefix: entryKey.String(), Orders: []query.Order{query.OrderByKey{}}})
	if err != nil {
		return nil, addrbook.Loss{}, fmt.Errorf("read the address book: %w", err)
	}
	defer results.Close() //nolint:errcheck // it was only read
	each := func(yield func(peer.ID, []byte) bool) {
		for r := range results.Next() {
			if r.Error != nil {
				err = fmt.Errorf("read the address book: %w", r.Error)
				return
			}
			id, bad := hex.DecodeString(datastore.RawKey(r.Key).BaseNamespace())
			if bad == nil && !yield(peer.ID(id), r.Value) {
				return
			}
		}
	}
	book, loss := addrbook.Restore(cfg, secret, src, as, each)
	return book, loss, err
}

// write stores records.
func write(ctx context.Context, ds datastore.Batching, records []addrbook.Record) error {
	batch, err := ds.Batch(ctx)
	if err != nil {
		return fmt.Errorf("store the address book: %w", err)
	}
	for _, r := range records {
		key := entryKey.ChildString(hex.EncodeToString([]byte(r.Peer)))
		if r.Value == nil {
			err = batch.Delete(ctx, key)
		} else {
			err = batch.Put(ctx, key, r.Value)
		}
		if err != nil {
			return fmt.Errorf("store the address book: %w", err)
		}
	}
	if err := batch.Commit(ctx); err != nil {
		return fmt.Errorf("store the address book: %w", err)
	}
	return nil
}

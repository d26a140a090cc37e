package chain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"

	"github.com/pappus-network/pappus/chain/headertree"
)

// The header index on disk is a log: records of linked headers in the order of their
// acceptance, parents first, and a mark per invalid block.
//
//	/log/<16 hex digits, ascending>   80 bytes a header
//	/invalid/<hash>                   empty
const (
	logPrefix     = "/log"
	invalidPrefix = "/invalid"
)

// recordHeaders is how many headers one record holds after merging: 2,000, the size
// of a full headers message, 160 KB.
const recordHeaders = 2000

// smallRecords is how many records of less than a full message are put up with before
// they are merged at start: a day of blocks, announced one by one.
const smallRecords = 144

// headerIndex is the tree and its copy on disk. The tree may be read by anybody at any
// time; only the index writes to it.
type headerIndex struct {
	tree *headertree.Tree
	disk datastore.Batching
	log  *slog.Logger

	mu      sync.Mutex
	next    uint64             // number of the next record
	unsaved []wire.BlockHeader // in the tree, not yet on disk: the last write failed
	leaves  map[chainhash.Hash]struct{}
}

// openHeaders restores the tree from disk.
func openHeaders(params *chaincfg.Params, disk datastore.Batching, log *slog.Logger) (*headerIndex, error) {
	x := &headerIndex{
		tree:   headertree.New(params),
		disk:   disk,
		log:    log,
		leaves: map[chainhash.Hash]struct{}{*params.GenesisHash: {}},
	}
	ctx := context.Background()
	invalid, err := x.loadInvalid(ctx)
	if err != nil {
		return nil, fmt.Errorf("read invalid marks: %w", err)
	}
	records, err := x.load(ctx, func(h chainhash.Hash) bool { _, ok := invalid[h]; return ok })
	if err != nil {
		return nil, fmt.Errorf("read header index: %w", err)
	}
	if err := x.merge(ctx, records); err != nil {
		return nil, fmt.Errorf("merge header records: %w", err)
	}
	return x, nil
}

func (x *headerIndex) loadInvalid(ctx context.Context) (map[chainhash.Hash]struct{}, error) {
	marks := make(map[chainhash.Hash]struct{})
	results, err := x.disk.Query(ctx, query.Query{Prefix: invalidPrefix, KeysOnly: true})
	if err != nil {
		return nil, err
	}
	defer results.Close() //nolint:errcheck // it only releases the iterator
	for {
		r, ok := results.NextSync()
		if !ok {
			break
		}
		if r.Error != nil {
			return nil, r.Error
		}
		h, err := chainhash.NewHashFromStr(datastore.RawKey(r.Key).BaseNamespace())
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", r.Key, err)
		}
		marks[*h] = struct{}{}
	}
	return marks, nil
}

// record is where some headers lie on disk.
type record struct {
	key     datastore.Key
	headers int
}

// load feeds every record to the tree. A record that does not fit ends the log: what
// follows is removed, and comes back from the block database or from peers.
func (x *headerIndex) load(ctx context.Context, invalid func(chainhash.Hash) bool) ([]record, error) {
	results, err := x.disk.Query(ctx, query.Query{Prefix: logPrefix, Orders: []query.Order{query.OrderByKey{}}})
	if err != nil {
		return nil, err
	}
	defer results.Close() //nolint:errcheck // it only releases the iterator
	var good []record
	var bad []datastore.Key
	for {
		r, ok := results.NextSync()
		if !ok {
			break
		}
		if r.Error != nil {
			return nil, r.Error
		}
		key := datastore.RawKey(r.Key)
		if _, err := fmt.Sscanf(key.BaseNamespace(), "%016x", &x.next); err != nil {
			return nil, fmt.Errorf("key %s: %w", r.Key, err)
		}
		x.next++
		if len(bad) > 0 {
			bad = append(bad, key)
			continue
		}
		headers, err := decodeHeaders(r.Value)
		if err == nil {
			err = x.tree.Restore(headers, invalid)
		}
		if err != nil {
			x.log.Warn("header index is damaged; the rest is fetched again", "record", r.Key, "height", x.tree.Best().Height, "err", err)
			bad = append(bad, key)
			continue
		}
		x.graft(headers)
		good = append(good, record{key, len(headers)})
	}
	return good, x.remove(ctx, bad)
}

func (x *headerIndex) remove(ctx context.Context, keys []datastore.Key) error {
	if len(keys) == 0 {
		return nil
	}
	batch, err := x.disk.Batch(ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := batch.Delete(ctx, k); err != nil {
			return err
		}
	}
	return batch.Commit(ctx)
}

// merge joins runs of small records, which single announcements leave behind.
func (x *headerIndex) merge(ctx context.Context, records []record) error {
	small := 0
	for _, r := range records {
		if r.headers < recordHeaders {
			small++
		}
	}
	if small <= smallRecords {
		return nil
	}
	for len(records) > 0 {
		n, headers := 1, records[0].headers
		for n < len(records) && headers+records[n].headers <= recordHeaders {
			headers += records[n].headers
			n++
		}
		if n > 1 {
			if err := x.join(ctx, records[:n]); err != nil {
				return err
			}
		}
		records = records[n:]
	}
	return nil
}

// join moves the headers of all records into the first one.
func (x *headerIndex) join(ctx context.Context, records []record) error {
	batch, err := x.disk.Batch(ctx)
	if err != nil {
		return err
	}
	var whole []byte
	for i, r := range records {
		part, err := x.disk.Get(ctx, r.key)
		if err != nil {
			return err
		}
		whole = append(whole, part...)
		if i > 0 {
			if err := batch.Delete(ctx, r.key); err != nil {
				return err
			}
		}
	}
	if err := batch.Put(ctx, records[0].key, whole); err != nil {
		return err
	}
	return batch.Commit(ctx)
}

// add validates the headers, puts them into the tree and then on disk.
func (x *headerIndex) add(now time.Time, headers []wire.BlockHeader) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	entries, bad := x.tree.Add(now, headers)
	for i := range entries {
		x.unsaved = append(x.unsaved, entries[i].Header)
	}
	if err := x.save(); err != nil {
		return len(entries), errors.Join(bad, err)
	}
	return len(entries), bad
}

// adopt takes over headers of blocks that the block database has validated.
func (x *headerIndex) adopt(headers []wire.BlockHeader) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.tree.Restore(headers, func(chainhash.Hash) bool { return false }); err != nil {
		return err
	}
	x.unsaved = append(x.unsaved, headers...)
	return x.save()
}

// save writes what is in the tree but not on disk.
func (x *headerIndex) save() error {
	for len(x.unsaved) > 0 {
		n := min(len(x.unsaved), recordHeaders)
		x.graft(x.unsaved[:n])
		if err := x.write(x.unsaved[:n]); err != nil {
			return fmt.Errorf("store headers: %w", err)
		}
		x.unsaved = x.unsaved[n:]
	}
	x.unsaved = nil
	return nil
}

// write appends one record.
func (x *headerIndex) write(headers []wire.BlockHeader) error {
	ctx := context.Background()
	batch, err := x.disk.Batch(ctx)
	if err != nil {
		return err
	}
	key := datastore.RawKey(fmt.Sprintf("%s/%016x", logPrefix, x.next))
	if err := batch.Put(ctx, key, encodeHeaders(headers)); err != nil {
		return err
	}
	if err := batch.Commit(ctx); err != nil {
		return err
	}
	x.next++
	return nil
}

// graft keeps the set of headers without children.
func (x *headerIndex) graft(headers []wire.BlockHeader) {
	for i := range headers {
		delete(x.leaves, headers[i].PrevBlock)
		x.leaves[headers[i].BlockHash()] = struct{}{}
	}
}

// invalidate marks the block and its descendants for good.
func (x *headerIndex) invalidate(h chainhash.Hash) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.tree.Invalidate(h)
	ctx := context.Background()
	if err := x.disk.Put(ctx, datastore.RawKey(invalidPrefix+"/"+h.String()), nil); err != nil {
		return fmt.Errorf("store invalid mark: %w", err)
	}
	return nil
}

// tips returns the headers without children.
func (x *headerIndex) tips() []chainhash.Hash {
	x.mu.Lock()
	defer x.mu.Unlock()
	tips := make([]chainhash.Hash, 0, len(x.leaves))
	for h := range x.leaves {
		tips = append(tips, h)
	}
	return tips
}

var errPartialHeader = errors.New("not a whole number of headers")

func encodeHeaders(headers []wire.BlockHeader) []byte {
	w := bytes.NewBuffer(make([]byte, 0, len(headers)*wire.MaxBlockHeaderPayload))
	for i := range headers {
		// A bytes.Buffer takes everything, so that this cannot err.
		_ = headers[i].Serialize(w)
	}
	return w.Bytes()
}

func decodeHeaders(raw []byte) ([]wire.BlockHeader, error) {
	if len(raw)%wire.MaxBlockHeaderPayload != 0 {
		return nil, errPartialHeader
	}
	headers := make([]wire.BlockHeader, len(raw)/wire.MaxBlockHeaderPayload)
	r := bytes.NewReader(raw)
	for i := range headers {
		if err := headers[i].Deserialize(r); err != nil {
			return nil, err
		}
	}
	return headers, nil
}

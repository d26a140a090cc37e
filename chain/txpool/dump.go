package txpool

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"

	"github.com/pappus-network/pappus/events"
)

// A dumped transaction is stored under its place in the order of arrival:
//
//	1 version · 8 Unix nanoseconds of arrival · 4 height · transaction
const (
	dumpVersion = 1
	dumpHeader  = 1 + 8 + 4
)

// Dump replaces what the datastore holds with the pool's transactions, parents
// before children.
func (p *Pool) Dump(ctx context.Context, ds datastore.Batching) error {
	old, err := keys(ctx, ds)
	if err != nil {
		return fmt.Errorf("look for the last dump: %w", err)
	}
	batch, err := ds.Batch(ctx)
	if err != nil {
		return fmt.Errorf("dump the mempool: %w", err)
	}
	entries := p.Entries()
	for i, e := range entries {
		raw, ok := p.Raw(*e.Tx.Hash())
		if !ok {
			continue
		}
		value := make([]byte, dumpHeader, dumpHeader+len(raw))
		value[0] = dumpVersion
		binary.BigEndian.PutUint64(value[1:], uint64(e.Added.UnixNano())) // after 1970
		binary.BigEndian.PutUint32(value[9:], uint32(e.Height))           // not negative
		if err := batch.Put(ctx, place(i), append(value, raw...)); err != nil {
			return fmt.Errorf("dump the mempool: %w", err)
		}
	}
	for _, k := range old {
		if n, ok := placeOf(k); ok && n < len(entries) {
			continue // replaced
		}
		if err := batch.Delete(ctx, k); err != nil {
			return fmt.Errorf("drop the last dump: %w", err)
		}
	}
	if err := batch.Commit(ctx); err != nil {
		return fmt.Errorf("dump the mempool: %w", err)
	}
	return nil
}

// Load takes back what was dumped, as far as it is valid and not too old, with the
// times at which it came. It returns how many were taken and how many were not.
func (p *Pool) Load(ctx context.Context, now time.Time, ds datastore.Batching) (taken, left int, err error) {
	all, err := keys(ctx, ds)
	if err != nil {
		return 0, 0, fmt.Errorf("look for a dump of the mempool: %w", err)
	}
	// A parent that a reorganisation brought back came after its child: what lacks
	// one is tried again as long as that helps.
	for progress := true; progress && len(all) > 0; {
		progress = false
		var again []datastore.Key
		for _, k := range all {
			if err := ctx.Err(); err != nil {
				return taken, left, err
			}
			value, err := ds.Get(ctx, k)
			if err != nil {
				return taken, left, fmt.Errorf("load the mempool: %w", err)
			}
			switch why := p.load(now, value); why {
			case "":
				taken, progress = taken+1, true
			case events.OrphanTx:
				again = append(again, k)
			default:
				left++
			}
		}
		all = again
	}
	return taken, left + len(all), nil
}

// load takes one transaction back and says why not, "" if it does.
func (p *Pool) load(now time.Time, value []byte) events.Reason {
	if len(value) < dumpHeader || value[0] != dumpVersion {
		return events.Malformed
	}
	tx, err := btcutil.NewTxFromBytes(value[dumpHeader:])
	if err != nil {
		return events.Malformed
	}
	old := Entry{
		Added:  time.Unix(0, int64(binary.BigEndian.Uint64(value[1:]))), // as it was put
		Height: int32(binary.BigEndian.Uint32(value[9:])),               // as it was put
	}
	if now.Sub(old.Added) >= p.cfg.Expiry {
		return events.NonstandardTx
	}
	if old.Added.After(now) {
		old.Added = now // the clock was set back
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	if err := p.accept(now, tx, &old); err != nil {
		return err.Reason
	}
	return ""
}

func place(i int) datastore.Key { return datastore.NewKey(fmt.Sprintf("%08d", i)) }

func placeOf(k datastore.Key) (n int, ok bool) {
	_, err := fmt.Sscanf(k.BaseNamespace(), "%08d", &n)
	return n, err == nil
}

// keys returns the keys in order.
func keys(ctx context.Context, ds datastore.Batching) ([]datastore.Key, error) {
	results, err := ds.Query(ctx, query.Query{KeysOnly: true})
	if err != nil {
		return nil, err
	}
	entries, err := results.Rest()
	if err != nil {
		return nil, err
	}
	all := make([]datastore.Key, len(entries))
	for i, e := range entries {
		all[i] = datastore.NewKey(e.Key)
	}
	slices.SortFunc(all, func(a, b datastore.Key) int {
		if a.Less(b) {
			return -1
		}
		return 1
	})
	return all, nil
}

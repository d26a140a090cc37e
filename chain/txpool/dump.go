package txpool

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"

	"github.com/pappus-network/pappus/events"
)

// A dumped transaction is stored under its id with witnesses, in hexadecimal, so that
// a dump writes only what has changed since the last:
//
//	1 version · 8 Unix nanoseconds of arrival · 4 height · transaction
//
// all of it big endian.
const (
	dumpVersion = 1
	dumpHeader  = 1 + 8 + 4
)

// batchBytes is how much one batch of a dump holds, in memory and in the datastore's
// journal.
const batchBytes = 4 << 20

// Dump makes what the datastore holds the pool's transactions. A crash leaves some of
// the last dump and some of this.
func (p *Pool) Dump(ctx context.Context, ds datastore.Batching) error {
	p.dumping.Lock()
	defer p.dumping.Unlock()
	stored, err := dumped(ctx, ds)
	if err != nil {
		return err
	}
	b := batches{ds: ds}
	for _, e := range p.Entries() {
		wtxid := *e.Tx.WitnessHash()
		if _, ok := stored[keyOf(wtxid)]; ok {
			delete(stored, keyOf(wtxid))
			continue
		}
		raw, ok := p.Raw(*e.Tx.Hash())
		if !ok {
			continue // has gone meanwhile
		}
		value := make([]byte, dumpHeader, dumpHeader+len(raw))
		value[0] = dumpVersion
		binary.BigEndian.PutUint64(value[1:], uint64(e.Added.UnixNano())) // after 1970
		binary.BigEndian.PutUint32(value[9:], uint32(e.Height))           // not negative
		if err := b.put(ctx, keyOf(wtxid), append(value, raw...)); err != nil {
			return fmt.Errorf("dump the mempool: %w", err)
		}
	}
	for key := range stored {
		if err := b.put(ctx, key, nil); err != nil {
			return fmt.Errorf("drop what has left the mempool: %w", err)
		}
	}
	if err := b.commit(ctx); err != nil {
		return fmt.Errorf("dump the mempool: %w", err)
	}
	return nil
}

func keyOf(wtxid chainhash.Hash) datastore.Key { return datastore.NewKey(wtxid.String()) }

// dumped returns the keys that are there.
func dumped(ctx context.Context, ds datastore.Batching) (map[datastore.Key]struct{}, error) {
	keys := make(map[datastore.Key]struct{})
	err := each(ctx, ds, query.Query{KeysOnly: true}, func(key datastore.Key, _ []byte) { keys[key] = struct{}{} })
	if err != nil {
		return nil, fmt.Errorf("look for the last dump: %w", err)
	}
	return keys, nil
}

func each(ctx context.Context, ds datastore.Batching, q query.Query, f func(datastore.Key, []byte)) error {
	results, err := ds.Query(ctx, q)
	if err != nil {
		return err
	}
	for r := range results.Next() {
		if r.Error != nil {
			_ = results.Close() // the first error is the one
			return r.Error
		}
		f(datastore.NewKey(r.Key), r.Value)
	}
	return results.Close()
}

// batches writes in batches of bounded size.
type batches struct {
	ds   datastore.Batching
	open datastore.Batch
	size int
}

// put writes a value; nil deletes the key.
func (b *batches) put(ctx context.Context, key datastore.Key, value []byte) (err error) {
	if b.open == nil {
		if b.open, err = b.ds.Batch(ctx); err != nil {
			return err
		}
	}
	if value == nil {
		err = b.open.Delete(ctx, key)
	} else {
		err = b.open.Put(ctx, key, value)
	}
	if b.size += len(key.String()) + len(value); err == nil && b.size >= batchBytes {
		err = b.commit(ctx)
	}
	return err
}

func (b *batches) commit(ctx context.Context) error {
	if b.open == nil {
		return nil
	}
	err := b.open.Commit(ctx)
	b.open, b.size = nil, 0
	return err
}

// Load takes back what was dumped, as far as it is valid and not too old, with the
// times at which it came. It returns how many were taken and how many were not;
// garbage among the latter is deleted, or the next dump would take it for a
// transaction.
func (p *Pool) Load(ctx context.Context, now time.Time, ds datastore.Batching) (taken, left int, err error) {
	p.dumping.Lock()
	defer p.dumping.Unlock()
	all, bad, err := p.readable(ctx, now, ds)
	if err != nil {
		return 0, 0, fmt.Errorf("look for a dump of the mempool: %w", err)
	}
	old, _ := slices.BinarySearchFunc(all, now.Add(-p.cfg.Expiry), func(at place, limit time.Time) int {
		if at.added.After(limit) {
			return 1
		}
		return -1
	})
	all, left = all[old:], len(bad)+old
	// A parent that a reorganisation brought back came after its child: what lacks
	// one is tried again as long as that helps.
	for progress := true; progress && len(all) > 0; {
		progress = false
		var again []place
		for _, at := range all {
			if err := ctx.Err(); err != nil {
				return taken, left, err
			}
			value, err := ds.Get(ctx, at.key)
			if err != nil {
				return taken, left, fmt.Errorf("load the mempool: %w", err)
			}
			switch why := p.load(now, at, value); why {
			case "":
				taken, progress = taken+1, true
			case events.OrphanTx:
				again = append(again, at)
			case events.Malformed:
				bad = append(bad, at.key)
				left++
			default:
				left++
			}
		}
		all = again
	}
	b := batches{ds: ds}
	for _, key := range bad {
		if err := b.put(ctx, key, nil); err != nil {
			return taken, left + len(all), fmt.Errorf("delete what cannot be read: %w", err)
		}
	}
	if err := b.commit(ctx); err != nil {
		return taken, left + len(all), fmt.Errorf("delete what cannot be read: %w", err)
	}
	return taken, left + len(all), nil
}

// place is where a dumped transaction lies, and what its entry was.
type place struct {
	key    datastore.Key
	added  time.Time
	height int32
}

// readable returns what was dumped in the order in which it came, and the keys of
// what is garbage.
func (p *Pool) readable(ctx context.Context, now time.Time, ds datastore.Batching) (all []place, bad []datastore.Key, err error) {
	err = each(ctx, ds, query.Query{}, func(key datastore.Key, value []byte) {
		if len(value) < dumpHeader || value[0] != dumpVersion {
			bad = append(bad, key)
			return
		}
		at := place{
			key:    key,
			added:  time.Unix(0, int64(binary.BigEndian.Uint64(value[1:]))), // as it was put
			height: int32(binary.BigEndian.Uint32(value[9:])),               // as it was put
		}
		if at.added.After(now) {
			at.added = now // the clock was set back
		}
		all = append(all, at)
	})
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(a.added.Compare(b.added), cmp.Compare(a.key.String(), b.key.String()))
	})
	return all, bad, err
}

// load takes one transaction back and says why not, "" if it does.
func (p *Pool) load(now time.Time, at place, value []byte) events.Reason {
	if len(value) < dumpHeader {
		return events.Malformed
	}
	tx, err := btcutil.NewTxFromBytes(value[dumpHeader:])
	if err != nil || keyOf(*tx.WitnessHash()) != at.key {
		return events.Malformed
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	if err := p.accept(tx, way{now: now, again: true, added: at.added, height: at.height}); err != nil {
		return err.Reason
	}
	return ""
}

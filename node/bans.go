package node

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/discovery/reputation"
)

// bansEvery is how often bans are stored: what a crash forgets of them. A ban costs
// its peer a connection and us 150 bytes on disk.
const bansEvery = 10 * time.Second

// banBatch is how many bans are written at a time, 150 KB.
const banBatch = 1000

// idsOf returns the peers of addresses.
func idsOf(infos []peer.AddrInfo) []peer.ID {
	ids := make([]peer.ID, len(infos))
	for i, info := range infos {
		ids[i] = info.ID
	}
	return ids
}

// loadBans reads the bans that a store has. The named are banned by nobody but the
// operator. What cannot be read is counted, and no reason not to start.
func loadBans(ctx context.Context, ds datastore.Batching, now time.Time, named []peer.AddrInfo) (_ *reputation.Ledger, damaged int, err error) {
	results, err := ds.Query(ctx, query.Query{})
	if err != nil {
		return nil, 0, fmt.Errorf("read bans: %w", err)
	}
	defer results.Close() //nolint:errcheck // it was only read
	each := func(yield func(string, []byte) bool) {
		for r := range results.Next() {
			if r.Error != nil {
				err = fmt.Errorf("read bans: %w", r.Error)
				return
			}
			if name, bad := hex.DecodeString(datastore.RawKey(r.Key).BaseNamespace()); bad == nil && !yield(string(name), r.Value) {
				return
			}
		}
	}
	ledger, damaged := reputation.Restore(reputation.DefaultConfig(), idsOf(named), now, each)
	return ledger, damaged, err
}

// keepBans stores bans until ctx ends, and then what is left.
func (n *Node) keepBans(ctx context.Context) error {
	ds := n.store.View("bans")
	ticker := time.NewTicker(bansEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return n.saveBans(context.WithoutCancel(ctx), ds)
		case <-ticker.C:
			if err := n.saveBans(ctx, ds); err != nil {
				return err
			}
		}
	}
}

func (n *Node) saveBans(ctx context.Context, ds datastore.Batching) error {
	n.savingBans.Lock() // or an older value might be written last
	defer n.savingBans.Unlock()
	for records := n.gater.changes(banBatch); len(records) > 0; records = n.gater.changes(banBatch) {
		batch, err := ds.Batch(ctx)
		if err != nil {
			return fmt.Errorf("store bans: %w", err)
		}
		for _, r := range records {
			key := datastore.NewKey(hex.EncodeToString([]byte(r.Key)))
			if r.Value == nil {
				err = batch.Delete(ctx, key)
			} else {
				err = batch.Put(ctx, key, r.Value)
			}
			if err != nil {
				return fmt.Errorf("store bans: %w", err)
			}
		}
		if err := batch.Commit(ctx); err != nil {
			return fmt.Errorf("store bans: %w", err)
		}
	}
	return nil
}

package relay

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/relay/stempool"
)

// longestEmbargo bounds a restored embargo, in means: an exponential one lasts longer once
// in 5·10⁸. What was written by a clock that ran ahead, or is read by one that is behind,
// as on a machine without a battery, would be held for as long as the clocks differ.
const longestEmbargo = 20

// flushEvery is what a crash may lose of others' stems, whose senders hold them
// under embargoes of their own. Own ones are on disk before they are sent.
const flushEvery = time.Second

// keep puts what the router holds on the shelf, under mu.
func (s *stemming) keep(hash chainhash.Hash, tx *btcutil.Tx) {
	held, ok := s.router.Held(hash)
	if !ok {
		return
	}
	if raw, err := serialize(tx); err == nil {
		s.shelf.Put(held, raw)
	}
}

// flush writes the shelf every second until ctx ends, and once more then.
func (s *stemming) flush(ctx context.Context) error {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.shelf.Flush(context.WithoutCancel(ctx))
		case <-ticker.C:
			if err := s.shelf.Flush(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// restore takes back what was in its stem when the node stopped, as far as it is
// valid still, and returns how many are not.
func (s *stemming) restore(records []stempool.Record) (count int) {
	s.lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, r := range records {
		if err := s.stems.Restore(now, r.Tx, r.Held.From); err != nil {
			s.shelf.Delete(r.Held.Tx)
			if why := lost(err); why != "" {
				count++
				if r.Held.From == "" {
					s.own.Dropped(now, r.Held.Tx, string(why))
				}
			}
			continue
		}
		if latest := now.Add(s.longest); r.Held.Until.After(latest) {
			r.Held.Until = latest
		}
		s.router.Restore([]dandelion.Held{r.Held})
		if r.Held.From == "" {
			s.own.Resumed(r.Held.Tx, r.Held.Until, r.Held.Stemmed)
		}
	}
	nudge(s.wake)
	return count
}

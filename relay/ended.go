package relay

import (
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/events"
)

// ended are transactions whose stem others have ended, until whoever holds the stempool's
// lock takes them: as many as come during one validation. It is safe for concurrent use.
type ended struct {
	mu  sync.Mutex
	txs []*btcutil.Tx
}

func (e *ended) add(tx *btcutil.Tx) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.txs = append(e.txs, tx)
}

func (e *ended) take() []*btcutil.Tx {
	e.mu.Lock()
	defer e.mu.Unlock()
	txs := e.txs
	e.txs = nil
	return txs
}

// seen ends the stem of a transaction that is in the mempool or in a block, and
// of those that conflict with it: what was fluffed wins. It does not wait: see lock.
func (s *stemming) seen(tx *btcutil.Tx) {
	s.ended.add(tx)
	nudge(s.hear)
}

// end is what [stemming.seen] promises, under mu.
func (s *stemming) end(tx *btcutil.Tx) {
	if _, held := s.stems.Get(*tx.Hash()); held {
		s.shelf.Delete(*tx.Hash())
	}
	s.router.Seen(*tx.Hash())
	for _, hash := range s.stems.Fluffed(tx) {
		s.router.Seen(hash)
		s.shelf.Delete(hash)
		s.own.Dropped(time.Now(), hash, string(events.ConflictTx))
	}
}

// abort takes an own transaction back and says whether it was in its stem.
func (s *stemming) abort(tx chainhash.Hash) bool {
	s.lock()
	if !s.stems.HoldsOwn(tx) {
		s.mu.Unlock()
		return false
	}
	gone := s.stems.Drop(tx)
	for _, hash := range gone {
		s.router.Seen(hash)
		s.shelf.Delete(hash)
	}
	s.mu.Unlock()
	for _, hash := range gone {
		s.own.Dropped(time.Now(), hash, "aborted")
	}
	return true
}

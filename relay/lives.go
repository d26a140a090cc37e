package relay

import (
	"maps"
	"sync"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/relay/journal"
)

// minOwn is the least of lives' limit: 64 bytes each.
const minOwn = 1024

// lives follows the operator's own transactions into the mempool, into blocks and out of
// both, and writes it into the journal. It is safe for concurrent use.
type lives struct {
	journal *journal.Journal
	pool    *txpool.Pool

	mu      sync.Mutex
	byWtxid map[chainhash.Hash]chainhash.Hash // their ids, by which gossip's copies are recognised
	limit   int                               // of byWtxid, when it is looked for what the journal has forgotten
	unmined []*btcutil.Tx                     // until settled
}

func newLives(own *journal.Journal, pool *txpool.Pool) *lives {
	s := &lives{journal: own, pool: pool, byWtxid: make(map[chainhash.Hash]chainhash.Hash)}
	for _, e := range own.List() {
		if tx, err := btcutil.NewTxFromBytes(e.Raw); err == nil {
			s.byWtxid[*tx.WitnessHash()] = e.Tx
		}
	}
	return s
}

// note has gossip's copies of an own transaction recognised, as long as the journal has it.
func (s *lives) note(tx *btcutil.Tx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byWtxid) >= s.limit {
		maps.DeleteFunc(s.byWtxid, func(_, txid chainhash.Hash) bool { return !s.journal.Owns(txid) })
		s.limit = max(minOwn, 2*len(s.byWtxid))
	}
	s.byWtxid[*tx.WitnessHash()] = *tx.Hash()
}

// named returns the id of an own transaction, which it has whatever its witness.
func (s *lives) named(wtxid chainhash.Hash) (tx chainhash.Hash, own bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx, own = s.byWtxid[wtxid]
	return tx, own
}

// changed is told of transactions that come into the mempool, or leave it.
func (s *lives) changed(c txpool.Change) {
	switch c.Why {
	case txpool.Replaced, txpool.Evicted, txpool.Expired:
		s.journal.Dropped(time.Now(), *c.Tx.Hash(), string(c.Why))
	case txpool.Conflict:
		s.journal.Dropped(time.Now(), *c.Tx.Hash(), string(events.ConflictTx))
	case txpool.Accepted: // also what was given up, and a reorganisation has brought back
		s.journal.Fluffed(time.Now(), *c.Tx.Hash(), "others") // unless its fluff is noted already
	case txpool.Confirmed: // the block tells of it, with its height
	}
}

// left is told of a block that is in the main chain no more.
func (s *lives) left(b *btcutil.Block) {
	for _, tx := range b.Transactions()[1:] {
		if !s.journal.Owns(*tx.Hash()) {
			continue
		}
		s.journal.Unmined(*tx.Hash())
		s.mu.Lock()
		s.unmined = append(s.unmined, tx)
		s.mu.Unlock()
	}
}

// settled is told that the main chain has no further blocks for now.
func (s *lives) settled() {
	s.mu.Lock()
	unmined := s.unmined
	s.unmined = nil
	s.mu.Unlock()
	for _, tx := range unmined {
		if e, ok := s.journal.Entry(*tx.Hash()); !ok || e.State == journal.Mined || s.pool.Have(e.Tx) {
			continue
		}
		_, _, err := s.pool.Check(time.Now(), tx)
		why := lost(err)
		if why == "" {
			continue
		}
		s.journal.Dropped(time.Now(), *tx.Hash(), string(why))
		if s.pool.Have(*tx.Hash()) { // it came back between the two
			s.journal.Fluffed(time.Now(), *tx.Hash(), "others")
		}
	}
}

package relay

import (
	"sync"

	"github.com/btcsuite/btcd/btcutil/v2"
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

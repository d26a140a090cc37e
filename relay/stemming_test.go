package relay

import (
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/relay/stempool"
)

// A transaction in its stem may take seconds to validate, and each of many peers may send
// one. Everything that came into the mempool meanwhile waited, gossip's validators with it,
// to tell the stempool that it had come.
func TestMempoolDoesNotWaitForTheStempool(t *testing.T) {
	s := &stemming{hear: make(chan struct{}, 1), stems: stempool.New(stempool.DefaultConfig(), nil, time.Now())}
	s.lock() // a validation
	for range 10 {
		s.seen(btcutil.NewTx(wire.NewMsgTx(2))) // or the test never ends
	}
	if len(s.ended.txs) != 10 {
		t.Errorf("%d of 10 are noted", len(s.ended.txs))
	}
	s.mu.Unlock()
	s.lock()
	defer s.mu.Unlock()
	if len(s.ended.txs) != 0 {
		t.Errorf("whoever decides on stems next does not know of %d", len(s.ended.txs))
	}
}

package chain

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Strangers' transactions that spend what is not there fill btcd's cache of unspent
// outputs, beyond whose room each further lookup costs more: a hundred times as much
// after the 80,000 of this test. It must not come to that. The bound allows for a busy
// machine, and for the cache being emptied during any measurement.
func TestLookupsOfStrangersDoNotFillTheCache(t *testing.T) {
	cfg := DefaultConfig(t.TempDir())
	cfg.UTXOCache = 2 << 20
	c := openIn(t, cfg, &chaincfg.RegressionNetParams, memory())
	n := uint64(0)
	look := func() time.Duration {
		tx := wire.NewMsgTx(2)
		for range 1000 {
			var out wire.OutPoint
			n++
			binary.LittleEndian.PutUint64(out.Hash[:], n)
			tx.AddTxIn(wire.NewTxIn(&out, nil, nil))
		}
		start := time.Now()
		if _, err := c.outputs(btcutil.NewTx(tx)); err != nil {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	var early, late time.Duration
	for i := range 80 {
		switch took := look(); {
		case i < 10:
			early += took
		case i >= 70:
			late += took
		}
	}
	if late > 30*early {
		t.Errorf("10,000 lookups took %v at first and %v after many others", early, late)
	}
}

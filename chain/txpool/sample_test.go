package txpool_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/internal/purse"
)

// A peer asked for the mempool without end, and each time all of a full pool was copied and
// looked through for 1,024 ids: one peer kept a core busy. It is others that are looked at
// each time, so that whoever asks on learns of all.
func TestAskingForIDsIsCheap(t *testing.T) {
	const count, most = 200, 10
	b := open(t, 1)
	split := purse.Pay(purse.Payment{Fee: 100_000, Outputs: count}, b.coin())
	b.mineWith(t, split)
	for _, c := range purse.Coins(split) {
		b.submit(t, purse.Pay(purse.Payment{Fee: 1000}, c))
	}
	seen := make(map[chainhash.Hash]bool)
	for range 400 { // one is missed by all of them once in 8·10⁸
		looked := 0
		ids := b.pool.Hashes(most, func(chainhash.Hash) bool { looked++; return looked%2 == 0 })
		if looked > 4*most || len(ids) != most || !slices.IsSortedFunc(ids, func(a, b chainhash.Hash) int { return bytes.Compare(a[:], b[:]) }) {
			t.Fatalf("%d of %d, %d looked at", len(ids), count, looked)
		}
		for _, id := range ids {
			seen[id] = true
		}
	}
	if len(seen) != count {
		t.Errorf("400 answers have told of %d of %d", len(seen), count)
	}
	if ids := b.pool.Hashes(1000, func(chainhash.Hash) bool { return true }); len(ids) != count {
		t.Errorf("%d ids of a pool of %d", len(ids), count)
	}
}

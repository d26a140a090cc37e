package objects

import (
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/protocols/envelope"
)

func TestSumsBelongToTheirBlock(t *testing.T) {
	s := new(sums)
	one, other := chainhash.Hash{0: 1, 8: 7}, chainhash.Hash{0: 1, 8: 9} // the same place
	for range 2 {
		for hash, raw := range map[chainhash.Hash][]byte{one: []byte("one"), other: []byte("other")} {
			if got := s.of(hash, raw); got != envelope.Sum(raw) {
				t.Errorf("sum of %q is %x, want %x", raw, got, envelope.Sum(raw))
			}
		}
	}
	s.of(one, []byte("one"))
	if got := s.of(one, nil); got != envelope.Sum([]byte("one")) {
		t.Errorf("sum was not remembered: %x", got)
	}
}

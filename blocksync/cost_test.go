package blocksync

import (
	"runtime"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

// TestCostIsMeasured decodes blocks of several shapes, as a session does, and
// compares the estimate with what the heap has grown by.
func TestCostIsMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("generates chains")
	}
	for _, shape := range []chaingen.Shape{chaingen.Small(300), chaingen.Blob(20), chaingen.Mixed(160)} {
		t.Run(shape.Name, func(t *testing.T) {
			var raws [][]byte
			err := chaingen.Generate(params, 1, shape, func(b *btcutil.Block) error {
				raw, err := b.Bytes()
				raws = append(raws, raw)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			raws = raws[len(raws)/2:] // the later ones have transactions
			// btcd's wire keeps a slab of 4 MB for decoding: not a block's cost.
			if _, err := btcutil.NewBlockFromBytes(raws[0]); err != nil {
				t.Fatal(err)
			}
			before := heap()
			decoded := make([]*btcutil.Block, len(raws))
			var estimate int64
			for i, raw := range raws {
				body := append([]byte(nil), raw...) // the session's own bytes
				b, err := btcutil.NewBlockFromBytes(body)
				if err != nil {
					t.Fatal(err)
				}
				for _, tx := range b.Transactions() {
					tx.Hash() // the merkle check's work is kept
				}
				decoded[i] = b
				estimate += cost(b, len(raw))
			}
			actual := int64(heap() - before)
			runtime.KeepAlive(decoded)
			runtime.KeepAlive(raws)
			t.Logf("%d blocks: estimate %d, heap %d", len(raws), estimate, actual)
			if ratio := float64(estimate) / float64(actual); ratio < 0.8 || ratio > 1.3 {
				t.Errorf("the estimate is %.2f × the heap", ratio)
			}
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

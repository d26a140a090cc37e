package blocksync

import "github.com/btcsuite/btcd/btcutil/v2"

// What a decoded block takes beside its raw bytes, which it keeps. Scripts and
// witnesses are copied out of the raw bytes once, hence their size twice; the
// rest are the structs of btcd's wire package, by Go's size classes.
// TestCostIsMeasured holds this against the heap.
const (
	costTx    = 64 + 2*8 + 24 + 176 // MsgTx, slices of pointers, wrapped for its hash
	costIn    = 96 + 8              // TxIn and the pointer to it
	costOut   = 32 + 8              // TxOut and the pointer to it
	costStack = 24                  // the slice header of a witness item
)

// cost estimates the memory that a decoded block takes until it is validated.
func cost(b *btcutil.Block, bytes int) int64 {
	total := 2 * bytes
	for _, tx := range b.MsgBlock().Transactions {
		total += costTx + len(tx.TxIn)*costIn + len(tx.TxOut)*costOut
		for _, in := range tx.TxIn {
			total += len(in.Witness) * costStack
		}
	}
	return int64(total)
}

package stempool

import (
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
)

// edge is what came over one inbound edge.
type edge struct {
	budget budget
	over   *mempool.TxPool // nil: nothing is held
	txs    map[chainhash.Hash]*btcutil.Tx
	bytes  int
	gone   bool // the peer has left
}

// drop takes out a transaction, with what spends from it if family says so, and
// returns what went.
func (e *edge) drop(tx *btcutil.Tx, family bool) []chainhash.Hash {
	hash := *tx.Hash()
	if _, ok := e.txs[hash]; !ok {
		return nil
	}
	gone := []chainhash.Hash{hash}
	if family {
		for _, t := range e.txs {
			for _, in := range t.MsgTx().TxIn {
				if in.PreviousOutPoint.Hash == hash {
					gone = append(gone, e.drop(t, true)...)
					break
				}
			}
		}
	}
	delete(e.txs, hash)
	e.bytes -= tx.MsgTx().SerializeSize()
	e.over.RemoveTransaction(tx, false)
	return gone
}

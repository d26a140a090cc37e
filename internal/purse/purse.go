// Package purse makes transactions for tests from outputs that anybody may spend
// (OP_TRUE), as mining on regtest makes them when it is told nobody to pay: they
// need no keys and no signatures.
package purse

import (
	"bytes"
	"slices"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Coin is an output that anybody may spend.
type Coin struct {
	Out   wire.OutPoint
	Value int64
}

// Anybody is the script that anybody may spend.
func Anybody() []byte { return []byte{txscript.OP_TRUE} }

// Coins returns the coins that transactions make, in their order.
func Coins(txs ...*btcutil.Tx) []Coin {
	var all []Coin
	for _, tx := range txs {
		for i, out := range tx.MsgTx().TxOut {
			if bytes.Equal(out.PkScript, Anybody()) {
				all = append(all, Coin{wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)}, out.Value}) // outputs of one transaction
			}
		}
	}
	return all
}

// Mined returns the coins of blocks' coinbases, in the order of the blocks.
func Mined(blocks ...*btcutil.Block) []Coin {
	var all []Coin
	for _, b := range blocks {
		all = append(all, Coins(b.Transactions()[0])...)
	}
	return all
}

// minPadding makes the smallest transaction large enough to be relayed: 65 bytes.
const minPadding = 8

// Payment says what a transaction is like.
type Payment struct {
	Fee         int64
	Outputs     int  // 0 = one
	Padding     int  // bytes more, in an output that nobody can spend; at least minPadding
	Replaceable bool // signals BIP 125
}

// Pay spends coins.
func Pay(p Payment, coins ...Coin) *btcutil.Tx {
	tx := wire.NewMsgTx(2)
	total := -p.Fee
	for _, c := range coins {
		in := wire.NewTxIn(&c.Out, nil, nil)
		if p.Replaceable {
			in.Sequence = wire.MaxTxInSequenceNum - 2
		}
		tx.AddTxIn(in)
		total += c.Value
	}
	n := int64(max(1, p.Outputs))
	for range n {
		tx.AddTxOut(wire.NewTxOut(total/n, Anybody()))
	}
	tx.AddTxOut(wire.NewTxOut(0, slices.Concat([]byte{txscript.OP_RETURN}, make([]byte, max(minPadding, p.Padding)))))
	return btcutil.NewTx(tx)
}

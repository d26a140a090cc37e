package txpool_test

import (
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/purse"
)

// reorganise makes a branch of n blocks on an old one the chain. The first holds the
// transactions.
func reorganise(tb testing.TB, b *bank, on chainhash.Hash, n int, txs ...*btcutil.Tx) {
	tb.Helper()
	blocks := make([][]*btcutil.Tx, n)
	blocks[0] = txs
	branch(tb, b, on, time.Second, blocks...)
	if b.Tip().Height != heightOf(tb, b, on)+int32(n) { // a test's branch
		tb.Fatal("the chain did not reorganise")
	}
}

// mineWith puts a block with the transactions, and no others, on the tip.
func (b *bank) mineWith(tb testing.TB, txs ...*btcutil.Tx) chainhash.Hash {
	tb.Helper()
	return branch(tb, b, b.Tip().Hash, time.Second, txs)
}

func heightOf(tb testing.TB, b *bank, hash chainhash.Hash) int32 {
	tb.Helper()
	e, ok := b.Headers().Lookup(hash)
	if !ok {
		tb.Fatalf("block %v is not here", hash)
	}
	return e.Height
}

// branch puts blocks with the transactions on an old one, so far apart in time, and
// returns the last.
func branch(tb testing.TB, b *bank, on chainhash.Hash, step time.Duration, blocks ...[]*btcutil.Tx) chainhash.Hash {
	tb.Helper()
	height := heightOf(tb, b, on)
	parent, _ := b.Headers().Lookup(on)
	header := parent.Header
	for _, txs := range blocks {
		height++
		script, err := txscript.NewScriptBuilder().AddInt64(int64(height)).AddInt64(int64(100 + len(blocks))).Script()
		if err != nil {
			tb.Fatal(err)
		}
		coinbase := wire.NewMsgTx(1)
		coinbase.AddTxIn(&wire.TxIn{
			PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex},
			SignatureScript:  script,
			Sequence:         wire.MaxTxInSequenceNum,
		})
		coinbase.AddTxOut(wire.NewTxOut(50e8>>(height/150), purse.Anybody())) // regtest halves every 150 blocks
		block := &wire.MsgBlock{Header: wire.BlockHeader{
			Version: 0x20000000, PrevBlock: header.BlockHash(), Bits: header.Bits, Timestamp: header.Timestamp.Add(step),
		}}
		all := append([]*btcutil.Tx{btcutil.NewTx(coinbase)}, txs...)
		for _, tx := range all {
			if err := block.AddTransaction(tx.MsgTx()); err != nil {
				tb.Fatal(err)
			}
		}
		block.Header.MerkleRoot = blockchain.CalcMerkleRoot(all, false)
		for blockchain.CheckProofOfWork(btcutil.NewBlock(block), b.Params().PowLimit) != nil {
			block.Header.Nonce++
		}
		header = block.Header
		if err := b.Accept(btcutil.NewBlock(block)); err != nil {
			tb.Fatal(err)
		}
	}
	return header.BlockHash()
}

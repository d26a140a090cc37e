package txpool_test

import (
	"testing"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/purse"
)

// reorganise puts n blocks on an old one, the first of which holds the transactions.
func reorganise(tb testing.TB, b *bank, on chainhash.Hash, n int, txs ...*btcutil.Tx) {
	tb.Helper()
	parent, ok := b.Headers().Lookup(on)
	if !ok {
		tb.Fatalf("block %v is not here", on)
	}
	header, height := parent.Header, parent.Height
	for range n {
		height++
		script, err := txscript.NewScriptBuilder().AddInt64(int64(height)).AddInt64(int64(100 + n)).Script()
		if err != nil {
			tb.Fatal(err)
		}
		coinbase := wire.NewMsgTx(1)
		coinbase.AddTxIn(&wire.TxIn{
			PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex},
			SignatureScript:  script,
			Sequence:         wire.MaxTxInSequenceNum,
		})
		coinbase.AddTxOut(wire.NewTxOut(50e8, purse.Anybody()))
		block := btcutil.NewBlock(&wire.MsgBlock{Header: wire.BlockHeader{
			Version: 0x20000000, PrevBlock: header.BlockHash(), Bits: header.Bits, Timestamp: header.Timestamp.Add(1e9),
		}})
		all := append([]*btcutil.Tx{btcutil.NewTx(coinbase)}, txs...)
		txs = nil
		for _, tx := range all {
			if err := block.MsgBlock().AddTransaction(tx.MsgTx()); err != nil {
				tb.Fatal(err)
			}
		}
		block.MsgBlock().Header.MerkleRoot = blockchain.CalcMerkleRoot(all, false)
		for blockchain.CheckProofOfWork(block, b.Params().PowLimit) != nil {
			block.MsgBlock().Header.Nonce++
		}
		header = block.MsgBlock().Header
		fresh := btcutil.NewBlock(block.MsgBlock())
		if err := b.Accept(fresh); err != nil {
			tb.Fatal(err)
		}
	}
	if b.Tip().Hash != header.BlockHash() {
		tb.Fatal("the chain did not reorganise")
	}
}

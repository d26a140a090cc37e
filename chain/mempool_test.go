package chain

import (
	"bytes"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
)

func TestMempoolFollowsTheChain(t *testing.T) {
	b := simnetBuilder()
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Chain()...)
	txs := b.Spend(3)
	for _, tx := range txs {
		if err := c.Submit(btcutil.NewTx(tx)); err != nil {
			t.Fatal(err)
		}
	}
	hash := txs[0].TxHash()
	raw, err := c.RawTx(hash)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := txs[0].Serialize(&want); err != nil || !bytes.Equal(raw, want.Bytes()) {
		t.Errorf("raw transaction %x, want %x (%v)", raw, want.Bytes(), err)
	}
	if n := len(c.Mempool().Hashes(2, func(chainhash.Hash) bool { return true })); n != 2 {
		t.Errorf("%d hashes, want 2", n)
	}

	fork := b.Tip()
	mustAccept(t, c, b.NextBlock(txs[0], txs[1]))
	if c.Mempool().Count() != 1 || !c.Mempool().Have(txs[2].TxHash()) {
		t.Errorf("after a block with two of them %d wait", c.Mempool().Count())
	}
	b.Switch(*fork.Hash())
	mustAccept(t, c, b.Extend(2)...)
	if c.Mempool().Count() != 3 {
		t.Errorf("after the block has left the chain %d wait", c.Mempool().Count())
	}
	// A block that spends the same coin makes the waiting transaction impossible.
	again := b.Broken(chaingen.DoubleSpend).MsgBlock().Transactions[1]
	mustAccept(t, c, b.NextBlock(again))
	if c.Mempool().Count() != 2 || c.Mempool().Have(hash) {
		t.Errorf("after a double spend in a block %d wait", c.Mempool().Count())
	}
	if _, err := c.RawTx(hash); !errors.Is(err, ErrNotFound) {
		t.Errorf("the transaction that lost: %v", err)
	}
}

func TestSubmitNamesTheRule(t *testing.T) {
	b := simnetBuilder()
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Chain()...)
	for fault, want := range map[chaingen.Fault]events.Reason{
		chaingen.BadSignature:  events.InvalidTx,
		chaingen.BadAmount:     events.InvalidTx,
		chaingen.MissingCoin:   events.OrphanTx,
		chaingen.ImmatureSpend: events.NonstandardTx, // it will be good in time
	} {
		tx := b.Broken(fault).MsgBlock().Transactions[1]
		err := c.Submit(btcutil.NewTx(tx))
		if refused, ok := errors.AsType[*txpool.RejectError](err); !ok || refused.Reason != want {
			t.Errorf("%v: %v, want %s", fault, err, want)
		}
	}
	if c.Mempool().Count() != 0 {
		t.Errorf("%d wait", c.Mempool().Count())
	}
}

func TestMinedBlocksHoldTheMempool(t *testing.T) {
	b := simnetBuilder()
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Chain()...)
	for _, tx := range b.Spend(6) { // with witnesses: a commitment is needed
		if err := c.Submit(btcutil.NewTx(tx)); err != nil {
			t.Fatal(err)
		}
	}
	payTo := []byte{0x6a, 0x01, 0x07}
	hashes, err := c.Mine(t.Context(), payTo, 1)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.RawBlock(hashes[0])
	if err != nil {
		t.Fatal(err)
	}
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	coinbase := block.MsgBlock().Transactions[0]
	if n := len(block.Transactions()); n != 7 || !bytes.Equal(coinbase.TxOut[0].PkScript, payTo) {
		t.Errorf("%d transactions, coinbase %+v", n, coinbase.TxOut[0])
	}
	if c.Mempool().Count() != 0 {
		t.Errorf("%d wait", c.Mempool().Count())
	}
}

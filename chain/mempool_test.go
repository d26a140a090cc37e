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
	"github.com/pappus-network/pappus/internal/purse"
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

// btcd's cache of hashes to sign forgets only what blocks confirm, so the mempool must
// not fill it with what strangers send.
func TestMempoolLeavesNothingInTheHashCache(t *testing.T) {
	b := simnetBuilder()
	c := openTest(t, &chaincfg.SimNetParams)
	mustAccept(t, c, b.Chain()...)
	var seen []chainhash.Hash
	for i, tx := range b.Spend(6) {
		if !tx.HasWitness() {
			continue
		}
		bad := tx.Copy()
		bad.TxIn[0].Witness[0][10] ^= 1
		if err := c.Submit(btcutil.NewTx(bad)); err == nil {
			t.Fatal("a spoilt signature was taken")
		}
		if i > 2 {
			if err := c.Submit(btcutil.NewTx(tx)); err != nil {
				t.Fatal(err)
			}
		}
		seen = append(seen, tx.TxHash())
	}
	if _, err := c.Template([]byte{0x6a}); err != nil {
		t.Fatal(err)
	}
	for _, hash := range seen {
		if c.hashes.ContainsHashes(&hash) {
			t.Errorf("hashes of %v stay", hash)
		}
	}
	if len(seen) < 2 || c.Mempool().Count() == 0 {
		t.Errorf("%d have witnesses, %d wait", len(seen), c.Mempool().Count())
	}
}

// Once its outputs are spent only the index knows a transaction for mined.
func TestMinedTransactionIsFoundByTheIndex(t *testing.T) {
	cfg, headers := DefaultConfig(t.TempDir()), memory()
	cfg.TxIndex = true
	c, err := Open(cfg, &chaincfg.RegressionNetParams, headers, quiet())
	if err != nil {
		t.Fatal(err)
	}
	hashes, err := c.Mine(t.Context(), purse.Anybody(), 101)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.StoredBlock(hashes[0])
	if err != nil {
		t.Fatal(err)
	}
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	tx := purse.Pay(purse.Payment{Fee: 1000}, purse.Mined(block)...)
	for _, tx := range []*btcutil.Tx{tx, purse.Pay(purse.Payment{Fee: 1000}, purse.Coins(tx)...)} {
		if err := c.Submit(tx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Mine(t.Context(), purse.Anybody(), 1); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = openIn(t, cfg, &chaincfg.RegressionNetParams, headers)
	err = c.Submit(tx)
	if refused, ok := errors.AsType[*txpool.RejectError](err); !ok || refused.Reason != events.MinedTx {
		t.Errorf("%v, want %s", err, events.MinedTx)
	}
}

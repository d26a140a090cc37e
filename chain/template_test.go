package chain

import (
	"errors"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/purse"
)

// mined opens a chain with blocks on it and returns the coins of the first ones.
func mined(t *testing.T, blocks int) (*Chain, []purse.Coin) {
	t.Helper()
	c := openTest(t, &chaincfg.RegressionNetParams)
	hashes, err := c.Mine(t.Context(), purse.Anybody(), blocks)
	if err != nil {
		t.Fatal(err)
	}
	var coins []purse.Coin
	for _, hash := range hashes[:max(0, blocks-100)] {
		coins = append(coins, purse.Mined(blockAt(t, c, hash))...)
	}
	return c, coins
}

func blockAt(t *testing.T, c *Chain, hash chainhash.Hash) *btcutil.Block {
	t.Helper()
	raw, err := c.StoredBlock(hash)
	if err != nil {
		t.Fatal(err)
	}
	b, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTemplateLacksOnlyTheProof(t *testing.T) {
	c, coins := mined(t, 102)
	paid := purse.Pay(purse.Payment{Fee: 5000}, coins[0])
	if err := c.Submit(paid); err != nil {
		t.Fatal(err)
	}
	x, err := c.Template(anyone)
	if err != nil {
		t.Fatal(err)
	}
	if x.Height != 103 || len(x.Block.Transactions) != 2 || len(x.SigOps) != 2 || x.Fees[1] != 5000 || x.Fees[0] != -5000 || !x.MinTime.After(c.Tip().MedianTime) {
		t.Errorf("template %+v", x)
	}
	if got := btcutil.Amount(x.Block.Transactions[0].TxOut[0].Value); got != 50*btcutil.SatoshiPerBitcoin+5000 {
		t.Errorf("the coinbase pays %v", got)
	}
	if err := c.Propose(btcutil.NewBlock(x.Block)); err != nil {
		t.Errorf("its own template is refused: %v", err)
	}
	if bits, err := c.NextBits(time.Now()); err != nil || bits != x.Block.Header.Bits {
		t.Errorf("bits %x, %v", bits, err)
	}
	x.Block.Transactions[0].TxOut[0].Value++
	x.Block.Header.MerkleRoot = blockchain.CalcMerkleRoot(btcutil.NewBlock(x.Block).Transactions(), false)
	var broken blockchain.RuleError
	if err := c.Propose(btcutil.NewBlock(x.Block)); !errors.As(err, &broken) || broken.ErrorCode != blockchain.ErrBadCoinbaseValue {
		t.Errorf("a greedy proposal: %v", err)
	}
	if got := c.Tip().Height; got != 102 {
		t.Errorf("asking moved the tip to %d", got)
	}
}

func TestMineTxsTakesTheGivenOnes(t *testing.T) {
	c, coins := mined(t, 103)
	waits := purse.Pay(purse.Payment{Fee: 5000}, coins[0])
	if err := c.Submit(waits); err != nil {
		t.Fatal(err)
	}
	given := purse.Pay(purse.Payment{Fee: 1000}, coins[1])
	b, err := c.MineTxs(t.Context(), anyone, []*btcutil.Tx{given})
	if err != nil {
		t.Fatal(err)
	}
	txs := b.Transactions()
	if len(txs) != 2 || *txs[1].Hash() != *given.Hash() || c.Tip().Height != 103 {
		t.Errorf("%d transactions, tip at %d", len(txs), c.Tip().Height)
	}
	mustAccept(t, c, b)
	if !c.Mempool().Have(*waits.Hash()) || c.Tip().Height != 104 {
		t.Errorf("tip at %d", c.Tip().Height)
	}
	var broken blockchain.RuleError
	if _, err := c.MineTxs(t.Context(), anyone, []*btcutil.Tx{given}); !errors.As(err, &broken) {
		t.Errorf("spent twice: %v", err)
	}
	if _, err := openTest(t, &chaincfg.MainNetParams).MineTxs(t.Context(), anyone, nil); !errors.Is(err, ErrCannotMine) {
		t.Errorf("on mainnet: %v", err)
	}
}

func TestOutputsOfTheChain(t *testing.T) {
	c, coins := mined(t, 102)
	out := coins[0].Out
	o, err := c.Unspent(out)
	if err != nil || o.Value != 50*btcutil.SatoshiPerBitcoin || !o.Coinbase || o.Height != 1 {
		t.Fatalf("%+v, %v", o, err)
	}
	paid := purse.Pay(purse.Payment{Fee: 1000}, coins[0])
	b, err := c.MineTxs(t.Context(), anyone, []*btcutil.Tx{paid})
	if err != nil {
		t.Fatal(err)
	}
	mustAccept(t, c, b)
	if _, err := c.Unspent(out); !errors.Is(err, ErrNotFound) {
		t.Errorf("a spent output: %v", err)
	}
	if _, err := c.Unspent(wire.OutPoint{Hash: chainhash.Hash{1}}); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown output: %v", err)
	}
	b = blockAt(t, c, *b.Hash())
	if spent, err := c.SpentBy(b); err != nil || len(spent) != 1 || spent[0].Value != o.Value || spent[0].Height != 1 || !spent[0].Coinbase {
		t.Errorf("spent %+v, %v", spent, err)
	}
	if n, err := c.TxCount(*b.Hash()); err != nil || n != 2 {
		t.Errorf("%d transactions, %v", n, err)
	}
	if n, err := c.TxCount(*c.Params().GenesisHash); err != nil || n != 1 {
		t.Errorf("genesis: %d transactions, %v", n, err)
	}
}

func TestFilterHeadersFollowTheChain(t *testing.T) {
	cfg := DefaultConfig(t.TempDir())
	cfg.CFIndex = true
	c := openIn(t, cfg, &chaincfg.RegressionNetParams, memory())
	hashes, err := c.Mine(t.Context(), anyone, 2)
	if err != nil {
		t.Fatal(err)
	}
	before, err := c.FilterHeader(hashes[0])
	if err != nil {
		t.Fatal(err)
	}
	filter, err := c.Filter(hashes[1])
	if err != nil {
		t.Fatal(err)
	}
	// BIP 157: the hash of the filter, chained with the header before.
	digest := chainhash.DoubleHashH(filter)
	want := chainhash.DoubleHashH(append(digest[:], before[:]...))
	if got, err := c.FilterHeader(hashes[1]); err != nil || got != want {
		t.Errorf("header %v, want %v: %v", got, want, err)
	}
	if _, err := openTest(t, &chaincfg.RegressionNetParams).FilterHeader(hashes[0]); !errors.Is(err, ErrNoFilters) {
		t.Errorf("without filters: %v", err)
	}
}

func TestDeploymentsOfRegtest(t *testing.T) {
	c := openTest(t, &chaincfg.RegressionNetParams)
	all, err := c.Deployments()
	if err != nil || len(all) != 3 || all[1].Name != "segwit" {
		t.Fatalf("%+v, %v", all, err)
	}
	x, err := c.Template(anyone)
	if err != nil {
		t.Fatal(err)
	}
	if (all[1].State == "active") != x.Segwit {
		t.Errorf("segwit is %s, and a template says %v", all[1].State, x.Segwit)
	}
}

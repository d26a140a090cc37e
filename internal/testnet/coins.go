package testnet

import (
	"bytes"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/internal/purse"
)

// maturity is how many blocks make the first one's reward spendable, with the block that
// spends it. Source: Bitcoin's COINBASE_MATURITY, 100.
const maturity = 101

// Grow mines on a new chain until so many coins, or two, can be spent, and returns them.
func Grow(t *testing.T, c *chain.Chain, coins int) []purse.Coin {
	t.Helper()
	hashes, err := c.Mine(t.Context(), purse.Anybody(), maturity)
	if err != nil {
		t.Fatal(err)
	}
	change := purse.Pay(purse.Payment{Fee: 100_000, Outputs: max(coins, 2)}, purse.Mined(Block(t, c, hashes[0]))...)
	if err := c.Submit(change); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Mine(t.Context(), purse.Anybody(), 1); err != nil {
		t.Fatal(err)
	}
	return purse.Coins(change)
}

// Block reads a stored block.
func Block(t *testing.T, c *chain.Chain, hash chainhash.Hash) *btcutil.Block {
	t.Helper()
	raw, err := c.StoredBlock(hash)
	if err != nil {
		t.Fatal(err)
	}
	b, err := btcutil.NewBlockFromBytes(bytes.Clone(raw))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

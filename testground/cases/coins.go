package cases

import (
	"context"
	"fmt"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/purse"
)

// maturity is how many blocks lie between a coinbase and the first that may spend it.
// Source: consensus of all Bitcoin-family chains.
const maturity = 100

// fee is what a transaction pays, in satoshi: ten times the least of 1,000 a 1,000
// virtual bytes for one of 100.
const fee = 1000

// Coin is an output that anybody may spend.
type Coin struct {
	Tx    string
	Index uint32
	Value int64
}

// fund has the leader mine n coins, and returns them at every instance. Call it before
// there are links, and let the nodes catch up then.
func (i *instance) fund(ctx context.Context, n int) ([]Coin, error) {
	return tell(ctx, i, "coins", i.leads(), func(ctx context.Context) ([]Coin, error) {
		blocks, err := i.mine(ctx, n+maturity)
		if err != nil {
			return nil, err
		}
		coins := make([]Coin, 0, n)
		for _, hash := range blocks[:n] {
			block, err := i.node.Block(ctx, hash)
			if err != nil {
				return nil, fmt.Errorf("read a block that was mined: %w", err)
			}
			for _, c := range purse.Mined(block) {
				coins = append(coins, Coin{c.Out.Hash.String(), c.Out.Index, c.Value})
			}
		}
		return coins, nil
	})
}

// spend makes a transaction of a coin.
func spend(c Coin) (*btcutil.Tx, error) {
	hash, err := chainhash.NewHashFromStr(c.Tx)
	if err != nil {
		return nil, fmt.Errorf("coin %q: %w", c.Tx, err)
	}
	return purse.Pay(purse.Payment{Fee: fee}, purse.Coin{Out: wire.OutPoint{Hash: *hash, Index: c.Index}, Value: c.Value}), nil
}

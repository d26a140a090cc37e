package chain

import (
	"context"
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// maxMinedWeight is the heaviest block that is mined: the consensus limit less room for
// a larger coinbase. Source: Bitcoin Core's DEFAULT_BLOCK_MAX_WEIGHT before 28.0.
const maxMinedWeight = blockchain.MaxBlockWeight - 4000

// noncesPerLook is how many nonces are tried between two looks at the context and the
// tip: about ten milliseconds.
const noncesPerLook = 1 << 14

// Mine finds n blocks on top of the tip, one after the other, with the mempool's
// transactions in them, and accepts them. The coinbase pays to the given output script.
// The hashes of those it found come also with an error. Only for networks whose blocks a
// CPU finds, else [ErrCannotMine].
func (c *Chain) Mine(ctx context.Context, payTo []byte, n int) ([]chainhash.Hash, error) {
	if !c.params.GenerateSupported {
		return nil, fmt.Errorf("mine on %s: %w", c.params.Name, ErrCannotMine)
	}
	found := make([]chainhash.Hash, 0, max(n, 0))
	for len(found) < n {
		block, err := c.mineOne(ctx, payTo)
		if err != nil {
			return found, fmt.Errorf("mine block %d of %d: %w", len(found)+1, n, err)
		}
		if block != nil {
			found = append(found, *block.Hash())
		}
	}
	return found, nil
}

// mineOne returns nil if somebody else's block was faster.
func (c *Chain) mineOne(ctx context.Context, payTo []byte) (*btcutil.Block, error) {
	t, err := c.Template(payTo)
	if err != nil {
		return nil, err
	}
	b, err := c.seal(ctx, t.Block)
	if b == nil || err != nil {
		return nil, err
	}
	if err := c.Accept(b); err != nil {
		return nil, err
	}
	return b, nil
}

// MineTxs finds one block on the tip that holds these transactions, in this order, and
// none of the mempool's. The fees are not claimed. The block is not accepted yet. As
// [Chain.Mine] it is for networks whose blocks a CPU finds.
func (c *Chain) MineTxs(ctx context.Context, payTo []byte, txs []*btcutil.Tx) (*btcutil.Block, error) {
	if !c.params.GenerateSupported {
		return nil, fmt.Errorf("mine on %s: %w", c.params.Name, ErrCannotMine)
	}
	for {
		t, err := c.templateOf(payTo, nothing{}, txs)
		if err != nil {
			return nil, err
		}
		if b, err := c.seal(ctx, t.Block); b != nil || err != nil {
			return b, err
		}
	}
}

// seal finds the proof of work; nil if somebody else's block was faster.
func (c *Chain) seal(ctx context.Context, block *wire.MsgBlock) (*btcutil.Block, error) {
	solved, err := c.solve(ctx, &block.Header)
	if err != nil || !solved {
		return nil, err
	}
	return btcutil.NewBlock(block), nil
}

// solve looks for a nonce. It gives up, with false, when the tip has moved or no nonce
// fits: a new template has new time and transactions.
func (c *Chain) solve(ctx context.Context, header *wire.BlockHeader) (bool, error) {
	target := blockchain.CompactToBig(header.Bits)
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if header.PrevBlock != c.Tip().Hash {
			return false, nil
		}
		for range noncesPerLook {
			hash := header.BlockHash()
			if blockchain.HashToBig(&hash).Cmp(target) <= 0 {
				return true, nil
			}
			if header.Nonce++; header.Nonce == 0 {
				return false, nil
			}
		}
	}
}

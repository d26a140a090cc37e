package chain

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mining"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain/txpool"
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
	block, err := c.template(payTo)
	if err != nil {
		return nil, err
	}
	solved, err := c.solve(ctx, &block.Header)
	if err != nil || !solved {
		return nil, err
	}
	b := btcutil.NewBlock(block)
	if err := c.Accept(b); err != nil {
		return nil, err
	}
	return b, nil
}

// template returns a block on the tip that lacks nothing but the proof of work.
func (c *Chain) template(payTo []byte) (*wire.MsgBlock, error) {
	// The generator needs one blockchain for long, and the mempool's lock meanwhile, whose
	// holders call use: holding that would be the wrong order.
	c.accepting.Lock()
	defer c.accepting.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	policy := mining.Policy{BlockMaxWeight: maxMinedWeight, TxMinFreeFee: c.cfg.Mempool.MinRelayFee}
	// The chain's cache of hashes to sign would keep those of what no block takes.
	hashes := txscript.NewHashCache(1)
	generator := mining.NewBlkTmplGenerator(&policy, c.own, c.pool.Source(), c.consensus, localClock{}, c.sigs, hashes)
	c.looking.Lock()
	t, err := generator.NewBlockTemplate(nil)
	c.lookups += 4 * uint64(min(c.pool.Count(), txpool.MostChosen)) // inputs and outputs, about
	c.looking.Unlock()
	if err != nil {
		return nil, fmt.Errorf("make block template: %w", err)
	}
	t.Block.Transactions[0].TxOut[0].PkScript = payTo
	// Two nodes that mine for the same script in the same second must not find the same
	// block. This also computes the merkle root of the coinbase that was changed above.
	if err := generator.UpdateExtraNonce(t.Block, t.Height, rand.Uint64()); err != nil {
		return nil, fmt.Errorf("make coinbase: %w", err)
	}
	return t.Block, nil
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

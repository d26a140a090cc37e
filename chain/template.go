package chain

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mining"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain/txpool"
)

// Template is a block on the tip that lacks nothing but the proof of work.
type Template struct {
	Block   *wire.MsgBlock // the coinbase first
	Height  int32
	Fees    []btcutil.Amount // of each transaction; the coinbase's is minus their sum
	SigOps  []int64          // cost of each
	MinTime time.Time        // least that the header may say
	Segwit  bool             // its rules are in force: the coinbase may commit to witnesses
}

// Template returns a block with the best of the mempool in it, whose coinbase pays to
// the given output script. It waits for a block under validation.
func (c *Chain) Template(payTo []byte) (Template, error) {
	return c.templateOf(payTo, c.pool.Source(), nil)
}

// templateOf makes a block of what the source offers and then of txs.
func (c *Chain) templateOf(payTo []byte, source mining.TxSource, txs []*btcutil.Tx) (Template, error) {
	// The generator needs one blockchain for long, and the mempool's lock meanwhile, whose
	// holders call use: holding that would be the wrong order.
	c.accepting.Lock()
	defer c.accepting.Unlock()
	if c.closed {
		return Template{}, ErrClosed
	}
	segwit, err := c.consensus.IsDeploymentActive(chaincfg.DeploymentSegwit)
	if err != nil {
		return Template{}, fmt.Errorf("look for segwit: %w", err)
	}
	policy := mining.Policy{BlockMaxWeight: maxMinedWeight, TxMinFreeFee: c.cfg.Mempool.MinRelayFee}
	// The chain's cache of hashes to sign would keep those of what no block takes.
	hashes := txscript.NewHashCache(1)
	generator := mining.NewBlkTmplGenerator(&policy, c.own, source, c.consensus, localClock{}, c.sigs, hashes)
	c.looking.Lock()
	defer c.looking.Unlock()
	t, err := generator.NewBlockTemplate(nil)
	c.lookups += 4 * uint64(min(c.pool.Count(), txpool.MostChosen)) // inputs and outputs, about
	if err != nil {
		return Template{}, fmt.Errorf("make block template: %w", err)
	}
	t.Block.Transactions[0].TxOut[0].PkScript = payTo
	if err := include(t, txs, segwit); err != nil {
		return Template{}, err
	}
	// Two nodes that mine for the same script in the same second must not find the same
	// block. This also computes the merkle root of the coinbase that was changed above.
	if err := generator.UpdateExtraNonce(t.Block, t.Height, rand.Uint64()); err != nil {
		return Template{}, fmt.Errorf("make coinbase: %w", err)
	}
	if len(txs) > 0 {
		if err := c.checkTemplate(btcutil.NewBlock(t.Block)); err != nil {
			return Template{}, err
		}
	}
	made := Template{Block: t.Block, Height: t.Height, SigOps: t.SigOpCosts, Segwit: segwit}
	for _, fee := range t.Fees {
		made.Fees = append(made.Fees, btcutil.Amount(fee))
	}
	made.MinTime = mining.MinimumMedianTime(c.consensus.BestSnapshot())
	return made, nil
}

// include appends transactions to a template that has a coinbase alone, with the
// commitment to their witnesses that BIP 141 wants.
func include(t *mining.BlockTemplate, txs []*btcutil.Tx, segwit bool) error {
	all := []*btcutil.Tx{btcutil.NewTx(t.Block.Transactions[0])}
	commit := false
	for _, tx := range txs {
		if err := t.Block.AddTransaction(tx.MsgTx()); err != nil {
			return fmt.Errorf("add %v to the block: %w", tx.Hash(), err)
		}
		commit = commit || segwit && tx.HasWitness()
		all = append(all, tx)
	}
	if commit {
		mining.AddWitnessCommitment(all[0], all)
	}
	return nil
}

// Propose says which rule a block without proof of work breaks on the tip, as BIP 23's
// proposals ask. The error is btcd's RuleError, if it is the block's fault.
func (c *Chain) Propose(b *btcutil.Block) error {
	c.accepting.Lock()
	defer c.accepting.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.looking.Lock()
	defer c.looking.Unlock()
	return c.checkTemplate(b)
}

// checkTemplate is Propose under its locks.
func (c *Chain) checkTemplate(b *btcutil.Block) error {
	for _, tx := range b.Transactions() {
		c.lookups += uint64(len(tx.MsgTx().TxIn) + len(tx.MsgTx().TxOut)) // counts slices
	}
	if err := c.consensus.CheckConnectBlockTemplate(b); err != nil {
		return fmt.Errorf("check block: %w", err)
	}
	return nil
}

// NextBits is the target that a block on the tip must meet at now.
func (c *Chain) NextBits(now time.Time) (uint32, error) {
	consensus, done := c.use()
	defer done()
	least := mining.MinimumMedianTime(consensus.BestSnapshot())
	if now.Before(least) {
		now = least
	}
	bits, err := consensus.CalcNextRequiredDifficulty(now)
	if err != nil {
		return 0, fmt.Errorf("next target: %w", err)
	}
	return bits, nil
}

// nothing is a mempool without transactions.
type nothing struct{}

// LastUpdated implements mining.TxSource.
func (nothing) LastUpdated() time.Time { return time.Time{} }

// MiningDescs implements mining.TxSource.
func (nothing) MiningDescs() []*mining.TxDesc { return nil }

// HaveTransaction implements mining.TxSource.
func (nothing) HaveTransaction(*chainhash.Hash) bool { return false }

var _ mining.TxSource = nothing{}

package chaingen_test

import (
	"errors"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/internal/chaingen"
)

// acceptAll feeds the builder's branch to a new chain.
func acceptAll(t *testing.T, b *chaingen.Builder, params *chaincfg.Params) *blockchain.BlockChain {
	t.Helper()
	chain := newChain(t, params)
	for _, block := range b.Chain() {
		accept(t, chain, block)
	}
	return chain
}

// spending returns a builder whose next block may spend every kind of output.
func spending(params *chaincfg.Params) *chaingen.Builder {
	b := chaingen.NewBuilder(params, 1)
	b.Extend(max(110, int(chaingen.ActiveFrom(params))))
	return b
}

func wantRule(t *testing.T, err error, want blockchain.ErrorCode) {
	t.Helper()
	var rule blockchain.RuleError
	if !errors.As(err, &rule) || rule.ErrorCode != want {
		t.Errorf("verdict = %v, want %v", err, want)
	}
}

func TestBuilderMakesValidBlocks(t *testing.T) {
	for _, params := range networks() {
		t.Run(params.Name, func(t *testing.T) {
			b := spending(params)
			for range 3 {
				b.NextBlock(b.Spend(9)...)
			}
			chain := acceptAll(t, b, params)
			if best := chain.BestSnapshot(); best.Hash != *b.Tip().Hash() || best.Height != b.Tip().Height() {
				t.Errorf("best = %v at %d, want %v", best.Hash, best.Height, b.Tip().Hash())
			}
			witnesses := 0
			for _, tx := range b.Tip().Transactions()[1:] {
				if tx.HasWitness() {
					witnesses++
				}
			}
			if witnesses != 6 {
				t.Errorf("%d of 9 transactions have witnesses, want two thirds", witnesses)
			}
		})
	}
}

func TestBuilderSpendsBeforeSegwit(t *testing.T) {
	params := &chaincfg.SimNetParams
	b := chaingen.NewBuilder(params, 1)
	b.Extend(105)
	block := b.NextBlock(b.Spend(3)...)
	for _, tx := range block.Transactions() {
		if tx.HasWitness() {
			t.Error("a witness that nobody checks")
		}
	}
	acceptAll(t, b, params)
}

func TestBuilderForks(t *testing.T) {
	params := &chaincfg.RegressionNetParams
	b := spending(params)
	fork := b.Tip().Height()
	b.NextBlock(b.Spend(2)...)
	old := b.NextBlock()
	chain := acceptAll(t, b, params)

	b.Fork(fork)
	branch := []*btcutil.Block{b.NextBlock(b.Spend(2)...)}
	branch = append(branch, b.Extend(2)...)
	for i, block := range branch {
		main, err := process(t, chain, block)
		if err != nil || main != (i == 2) {
			t.Fatalf("block %d of the branch: on the main chain = %v, %v", i, main, err)
		}
	}
	if best := chain.BestSnapshot(); best.Hash != *b.Tip().Hash() {
		t.Errorf("best = %v, want the longer branch", best.Hash)
	}
	if b.At(fork + 2).Hash().IsEqual(old.Hash()) {
		t.Error("the branches are one")
	}
	b.Switch(*old.Hash())
	if b.Tip() != old || b.At(0).Height() != 0 || b.Block(*branch[0].Hash()) != branch[0] {
		t.Error("blocks got lost")
	}
}

func TestBuilderIsReproducible(t *testing.T) {
	build := func() *btcutil.Block {
		b := spending(&chaincfg.RegressionNetParams)
		b.Broken(chaingen.BadSignature)
		return b.NextBlock(b.Spend(3)...)
	}
	if first, second := build().Hash(), build().Hash(); !first.IsEqual(second) {
		t.Errorf("the same calls gave %v and %v", first, second)
	}
}

func TestBuilderSetsTime(t *testing.T) {
	params := &chaincfg.RegressionNetParams
	b := chaingen.NewBuilder(params, 1)
	at := time.Date(2025, 1, 1, 0, 0, 0, 5, time.UTC)
	b.SetTime(at)
	first, second := b.NextBlock(), b.NextBlock()
	if got := first.MsgBlock().Header.Timestamp; !got.Equal(at.Truncate(time.Second)) {
		t.Errorf("the block is of %v, want %v", got, at)
	}
	if !second.MsgBlock().Header.Timestamp.After(first.MsgBlock().Header.Timestamp) {
		t.Error("time stands still")
	}
	acceptAll(t, b, params)
}

func TestFaultsAreRefused(t *testing.T) {
	verdicts := map[chaingen.Fault]blockchain.ErrorCode{
		chaingen.BadSignature:  blockchain.ErrScriptValidation,
		chaingen.BadAmount:     blockchain.ErrSpendTooHigh,
		chaingen.BadSubsidy:    blockchain.ErrBadCoinbaseValue,
		chaingen.DoubleSpend:   blockchain.ErrMissingTxOut,
		chaingen.MissingCoin:   blockchain.ErrMissingTxOut,
		chaingen.ImmatureSpend: blockchain.ErrImmatureSpend,
	}
	for _, params := range networks() {
		b := spending(params)
		chain := acceptAll(t, b, params)
		for _, fault := range chaingen.Faults() {
			t.Run(fault.String()+" on "+params.Name, func(t *testing.T) {
				tip := b.Tip()
				block := b.Broken(fault)
				if b.Tip() != tip {
					t.Error("the tip moved")
				}
				if _, err := chain.ProcessBlockHeader(&block.MsgBlock().Header, blockchain.BFNone, false); err != nil {
					t.Errorf("its header is refused: %v", err)
				}
				if err := blockchain.CheckBlockSanity(block, params.PowLimit, blockchain.NewMedianTime()); err != nil {
					t.Errorf("it does not fit its header: %v", err)
				}
				_, err := process(t, chain, block)
				wantRule(t, err, verdicts[fault])
			})
		}
		accept(t, chain, b.NextBlock(b.Spend(1)...))
	}
}

func TestMutationsKeepTheHeader(t *testing.T) {
	verdicts := map[chaingen.Mutation]blockchain.ErrorCode{
		chaingen.DuplicatedTxs:   blockchain.ErrDuplicateTx,
		chaingen.ChangedTx:       blockchain.ErrBadMerkleRoot,
		chaingen.ChangedWitness:  blockchain.ErrWitnessCommitmentMismatch,
		chaingen.StrippedWitness: blockchain.ErrWitnessCommitmentMismatch,
	}
	for _, params := range networks() {
		b := spending(params)
		chain := acceptAll(t, b, params)
		block := b.NextBlock(b.Spend(4)...)
		raw, err := block.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		for _, mutation := range chaingen.Mutations() {
			t.Run(mutation.String()+" on "+params.Name, func(t *testing.T) {
				mutated, err := chaingen.Mutate(block, mutation)
				if err != nil {
					t.Fatal(err)
				}
				if *mutated.Hash() != *block.Hash() {
					t.Error("the header has changed")
				}
				changed, err := mutated.Bytes()
				if err != nil || string(changed) == string(raw) {
					t.Errorf("nothing has changed, %v", err)
				}
				_, err = process(t, newChainLike(t, params, b), mutated)
				wantRule(t, err, verdicts[mutation])
			})
		}
		accept(t, chain, block)
	}
}

// newChainLike has all of the builder's branch but its tip: btcd remembers a
// mutated block's hash as invalid, so each gets a chain of its own.
func newChainLike(t *testing.T, params *chaincfg.Params, b *chaingen.Builder) *blockchain.BlockChain {
	t.Helper()
	chain := newChain(t, params)
	blocks := b.Chain()
	for _, block := range blocks[:len(blocks)-1] {
		accept(t, chain, block)
	}
	return chain
}

// The roots of all sizes: duplicating must never show in the header.
func TestDuplicatedTxsKeepTheMerkleRoot(t *testing.T) {
	b := spending(&chaincfg.RegressionNetParams)
	for n := range 13 {
		block := b.NextBlock(b.Spend(n)...)
		b.Fork(b.Tip().Height() - 1)
		mutated, err := chaingen.Mutate(block, chaingen.DuplicatedTxs)
		if size := n + 1; size&(size-1) == 0 {
			if !errors.Is(err, chaingen.ErrImmutable) {
				t.Errorf("%d transactions: %v, want ErrImmutable", size, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		root := blockchain.CalcMerkleRoot(mutated.Transactions(), false)
		if root != block.MsgBlock().Header.MerkleRoot || len(mutated.Transactions()) <= n+1 {
			t.Errorf("%d transactions became %d, root %v", n+1, len(mutated.Transactions()), root)
		}
	}
}

func TestMutateSaysWhatItCannot(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.RegressionNetParams, 1)
	empty := b.NextBlock()
	for _, mutation := range []chaingen.Mutation{chaingen.DuplicatedTxs, chaingen.ChangedWitness, chaingen.StrippedWitness} {
		if _, err := chaingen.Mutate(empty, mutation); !errors.Is(err, chaingen.ErrImmutable) {
			t.Errorf("%v of an empty block: %v, want ErrImmutable", mutation, err)
		}
	}
	if _, err := chaingen.Mutate(empty, 99); err == nil {
		t.Error("an unknown mutation")
	}
}

func TestBuilderPanicsOnMisuse(t *testing.T) {
	for name, misuse := range map[string]func(*chaingen.Builder){
		"nothing mature":       func(b *chaingen.Builder) { b.Spend(1) },
		"nothing to break":     func(b *chaingen.Builder) { b.Broken(chaingen.BadSignature) },
		"no such height":       func(b *chaingen.Builder) { b.Fork(1) },
		"a block of elsewhere": func(b *chaingen.Builder) { b.Switch(*chaincfg.MainNetParams.GenesisHash) },
		"real proof of work":   func(*chaingen.Builder) { chaingen.NewBuilder(&chaincfg.MainNetParams, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse(chaingen.NewBuilder(&chaincfg.SimNetParams, 1))
		})
	}
}

func TestCopySharesNothing(t *testing.T) {
	b := chaingen.NewBuilder(&chaincfg.SimNetParams, 1)
	block := b.NextBlock()
	twin := chaingen.Copy(block)
	if *twin.Hash() != *block.Hash() || twin.Height() != 1 {
		t.Errorf("copy = %v at %d", twin.Hash(), twin.Height())
	}
	twin.MsgBlock().Transactions[0].TxOut[0].PkScript[0] ^= 1
	raw, err := block.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var again wire.MsgBlock
	if blk, err := btcutil.NewBlockFromBytes(raw); err == nil {
		again = *blk.MsgBlock()
	}
	if again.Transactions[0].TxHash() != block.MsgBlock().Transactions[0].TxHash() {
		t.Error("the original has changed")
	}
}

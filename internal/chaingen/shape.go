package chaingen

import (
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
)

const (
	// defaultStep between blocks: the least whole number of seconds for which simnet's
	// retarget, 2,015 steps measured against 2,016 × 10 minutes, does not raise the
	// difficulty.
	defaultStep = 601 * time.Second

	// easyBits is the difficulty of regtest and simnet: every other hash fits.
	easyBits = 0x207fffff

	// maxBlockBytes keeps four times a block's size, its weight without any witness,
	// below the limit of 4,000,000.
	maxBlockBytes = 950_000

	// perBlocks is what [Shape.Txs] and [Shape.Inputs] are counted per.
	perBlocks = 1000

	megabyte = 1_000_000
)

// Shape says what a generated chain looks like. [Blob], [Mixed] and [Small] return
// the three of our measurements; they are plain data and may be changed.
type Shape struct {
	Name   string
	Blocks int // after genesis

	// Txs and Inputs are the transactions beside the coinbases, and the signatures
	// in them, per 1,000 blocks in which there is something to spend.
	Txs, Inputs int

	// BlockBytes is the size of every block. What signatures do not need is filled
	// with data outputs: of its transactions, or of the coinbase where there are none.
	// 0 = no filling.
	BlockBytes int

	Start time.Time     // of the first block; zero = one step after genesis, or P2SH's begin if that is later
	Step  time.Duration // from block to block; 0 = 601 s
}

// The chains that btcd was measured with. Source: the table in docs/measurements.md.
const (
	blobBlocks, blobMegabytes = 3440, 330
	mixedBlocks, mixedBytes   = 3000, 171 * megabyte
	mixedTxs, mixedInputs     = 261_200, 438_494 // coinbases counted, too

	// What "few signatures" means was not written down: these take btcd as long to
	// validate as it took then, 7.9 s.
	blobTxsPerBlock, blobInputsPerBlock = 4, 14

	// firstSpend is where coins are there: the first coinbase has matured.
	firstSpend = 101
)

// Blob returns a chain of about so many megabytes that has few signatures: what
// matters is moving bytes. The measured one has 330 MB in 3,440 blocks.
func Blob(megabytes int) Shape {
	return Shape{
		Name:       "blob",
		Blocks:     max(1, megabytes*blobBlocks/blobMegabytes),
		Txs:        blobTxsPerBlock * perBlocks,
		Inputs:     blobInputsPerBlock * perBlocks,
		BlockBytes: blobMegabytes * megabyte / blobBlocks,
	}
}

// Mixed returns a chain of many small transactions, P2PKH, P2WPKH and P2TR by
// equal shares: what matters are signatures. The measured one has 3,000 blocks.
// Nothing is spent in its first 100.
func Mixed(blocks int) Shape {
	const spending = mixedBlocks - firstSpend + 1
	return Shape{
		Name:       "mixed",
		Blocks:     blocks,
		Txs:        (mixedTxs - mixedBlocks) * perBlocks / spending,
		Inputs:     mixedInputs * perBlocks / spending,
		BlockBytes: mixedBytes / mixedBlocks,
	}
}

// Small returns a chain of empty blocks: what matters is the cost of each. The
// measured one has 20,000.
func Small(blocks int) Shape {
	return Shape{Name: "small", Blocks: blocks}
}

// Totals are the figures of a whole chain, genesis not counted.
type Totals struct {
	Blocks, Txs, Inputs int
	Bytes               int64 // of the blocks; 0 = not planned, the shape has no filling
}

// Totals returns what the chain will have. Bytes are met but for the last block's
// few.
func (s Shape) Totals() Totals {
	spending := max(0, s.Blocks-firstSpend+1)
	return Totals{
		Blocks: s.Blocks,
		Txs:    s.Blocks + s.Txs*spending/perBlocks,
		Inputs: s.Inputs * spending / perBlocks,
		Bytes:  int64(s.Blocks) * int64(s.BlockBytes),
	}
}

// End returns the time of the last block.
func (s Shape) End(params *chaincfg.Params) time.Time {
	s = s.withTimes(params)
	return s.Start.Add(time.Duration(s.Blocks-1) * s.Step)
}

// withTimes puts the network's times where the shape leaves them open.
func (s Shape) withTimes(params *chaincfg.Params) Shape {
	if s.Step == 0 {
		s.Step = defaultStep
	}
	if s.Start.IsZero() {
		s.Start = firstTime(params, s.Step)
	}
	return s
}

// firstTime is a step after genesis but not before P2SH: btcd refuses witnesses
// in blocks older than that, and regtest's genesis is a year older.
func firstTime(params *chaincfg.Params, step time.Duration) time.Time {
	genesis := params.GenesisBlock.Header.Timestamp.Add(step)
	if genesis.Before(txscript.Bip16Activation) {
		return txscript.Bip16Activation
	}
	return genesis
}

// Validate says why the shape cannot be generated on the network.
func (s Shape) Validate(params *chaincfg.Params) error {
	s = s.withTimes(params)
	switch {
	case params.PowLimitBits != easyBits:
		return fmt.Errorf("the proof of work of %s is real: generate on simnet or regtest", params.Name)
	case params.CoinbaseMaturity != firstSpend-1:
		return fmt.Errorf("coinbases of %s mature after %d blocks, not %d", params.Name, params.CoinbaseMaturity, firstSpend-1)
	case s.Blocks < 1:
		return fmt.Errorf("a chain of %d blocks is none", s.Blocks)
	case s.Txs < 0, s.Inputs < s.Txs:
		return fmt.Errorf("%d inputs are too few for %d transactions", s.Inputs, s.Txs)
	case s.Txs == 0 && s.Inputs > 0:
		return fmt.Errorf("%d inputs have no transaction to be in", s.Inputs)
	case s.BlockBytes < 0, s.BlockBytes > maxBlockBytes:
		return fmt.Errorf("blocks of %d bytes are outside of 0..%d", s.BlockBytes, maxBlockBytes)
	case s.Step%time.Second != 0, !params.PoWNoRetargeting && s.Step < defaultStep:
		return fmt.Errorf("a step of %v would change the difficulty or is no whole second: take %v or more", s.Step, defaultStep)
	case s.Start.Nanosecond() != 0:
		return errors.New("the start is no whole second")
	case s.Start.Before(firstTime(params, s.Step)):
		return fmt.Errorf("the start %v is before %v, a step after genesis or the beginning of P2SH", s.Start, firstTime(params, s.Step))
	default:
		return nil
	}
}

// ActiveFrom returns the first height at which segwit and taproot are enforced on
// a generated chain: where the network does not say so itself, the blocks signal
// for it, and three windows have to pass (defined, started, locked in).
func ActiveFrom(params *chaincfg.Params) int32 {
	segwit := params.Deployments[chaincfg.DeploymentSegwit].AlwaysActiveHeight
	taproot := params.Deployments[chaincfg.DeploymentTaproot].AlwaysActiveHeight
	if segwit != 0 && taproot != 0 {
		return int32(max(segwit, taproot))
	}
	return 3 * int32(params.MinerConfirmationWindow)
}

package presync

import (
	"math/big"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
)

// permitted says whether a difficulty can follow another at a height, by the
// rule that needs no timestamps: unchanged within a period, and by at most the
// adjustment factor at its end. Networks that fall back to the least difficulty
// permit anything.
func permitted(params *chaincfg.Params, height int64, before, after uint32) bool {
	if params.ReduceMinDifficulty || params.PoWNoRetargeting {
		return true
	}
	period := int64(params.TargetTimespan / params.TargetTimePerBlock)
	if height%period != 0 {
		return before == after
	}
	factor := big.NewInt(params.RetargetAdjustmentFactor)
	target := blockchain.CompactToBig(after)
	old := blockchain.CompactToBig(before)
	// As the retarget computes it, in whole seconds, and in compact form, which
	// rounds down.
	span := big.NewInt(int64(params.TargetTimespan / time.Second))
	high := new(big.Int).Mul(old, new(big.Int).Mul(span, factor))
	high.Div(high, span)
	if high.Cmp(params.PowLimit) > 0 {
		high.Set(params.PowLimit)
	}
	low := new(big.Int).Mul(old, new(big.Int).Div(span, factor))
	low.Div(low, span)
	return target.Cmp(compact(high)) <= 0 && target.Cmp(compact(low)) >= 0
}

// compact rounds a target as its compact form does.
func compact(target *big.Int) *big.Int {
	return blockchain.CompactToBig(blockchain.BigToCompact(target))
}

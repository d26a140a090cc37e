package txpool

import (
	"math"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
)

// feeHalfLife is how fast the minimum fee falls once nothing is evicted any more;
// twice as fast when the pool is half empty, four times when it is three quarters
// empty. Source: Bitcoin Core's ROLLING_FEE_HALFLIFE and GetMinFee.
const feeHalfLife = 12 * time.Hour

// feeFloor is the minimum fee rate that eviction makes.
type feeFloor struct {
	rate   float64 // satoshi per 1,000 virtual bytes; 0 = none
	at     time.Time
	halted bool // since the last eviction no block has come
}

// raise notes what was evicted last.
func (f *feeFloor) raise(rate float64) {
	f.rate = max(f.rate, rate)
	f.halted = true
}

// block lets the floor fall from now on, if it does not yet.
func (f *feeFloor) block(now time.Time) {
	if f.halted {
		f.halted = false
		f.at = now
	}
}

// minimum returns the floor at now for a pool that is so full, 0..1. Below half the
// incremental fee there is none.
func (f *feeFloor) minimum(now time.Time, full float64, incremental btcutil.Amount) btcutil.Amount {
	if f.rate == 0 {
		return 0
	}
	if !f.halted && now.After(f.at) {
		half := feeHalfLife
		switch {
		case full < 0.25:
			half /= 4
		case full < 0.5:
			half /= 2
		}
		f.rate *= math.Exp2(-float64(now.Sub(f.at)) / float64(half))
		f.at = now
		if f.rate < float64(incremental)/2 {
			f.rate = 0
			return 0
		}
	}
	return max(btcutil.Amount(math.Ceil(f.rate)), incremental)
}

// MinFee is the least fee rate that is taken now, in satoshi per 1,000 virtual bytes.
func (p *Pool) MinFee(now time.Time) btcutil.Amount {
	p.mu.Lock()
	defer p.mu.Unlock()
	full := float64(p.graph.memory) / float64(p.cfg.MaxBytes)
	return max(p.cfg.MinRelayFee, p.floor.minimum(now, full, p.cfg.IncrementalFee))
}

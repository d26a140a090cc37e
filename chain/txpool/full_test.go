package txpool_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/internal/purse"
)

// Row T4: a flood of transactions with rising fees. The cap holds, what pays most
// stays, the minimum fee rises above what was evicted and falls again.
func TestCapHoldsAndTheMinimumFeeRisesAndFalls(t *testing.T) {
	const most = 400_000
	b := open(t, 200, func(c *txpool.Config) { c.MaxBytes = most })
	rng := rand.New(rand.NewPCG(1, 1))
	peak := int64(0)
	for _, c := range b.coins {
		tx := purse.Pay(purse.Payment{Fee: 2500 + rng.Int64N(100_000), Padding: 2000}, c)
		_, _ = b.pool.Submit(b.now, tx, "peer") // taken or not
		peak = max(peak, b.pool.Info(b.now).Memory)
	}
	info := b.pool.Info(b.now)
	if peak > most || info.Memory < most*9/10 {
		t.Errorf("memory peaked at %d and is %d, the cap is %d", peak, info.Memory, most)
	}
	if info.MinFee <= info.MinRelayFee {
		t.Fatalf("the minimum fee is %d still", info.MinFee)
	}
	for _, e := range b.pool.Entries() {
		if rate := e.Fee * 1000 / (btcutil.Amount(e.Size)); rate < info.MinFee-info.Incremental-1 {
			t.Errorf("one of %d sat/kvB is here, the minimum is %d", rate, info.MinFee)
		}
	}
	// Without a block it stays; after one it halves in 12 h, or faster when the pool is emptier.
	if got := b.pool.MinFee(b.now.Add(24 * time.Hour)); got != info.MinFee {
		t.Errorf("%d a day later without a block, want %d", got, info.MinFee)
	}
	b.mine(t, 1) // takes all
	later := b.pool.MinFee(time.Now().Add(3 * time.Hour))
	if ratio := float64(later) / float64(info.MinFee); ratio < 0.49 || ratio > 0.51 {
		t.Errorf("3 h after a block that emptied the pool the minimum is %.2f of what it was, want half", ratio)
	}
	if got := b.pool.MinFee(time.Now().Add(100 * time.Hour)); got != info.MinRelayFee {
		t.Errorf("%d after 100 h, want %d", got, info.MinRelayFee)
	}
}

// A pool that expiry has emptied lets its minimum fee fall like any other.
func TestMinimumFeeFallsInAnEmptyPool(t *testing.T) {
	b := open(t, 30, func(c *txpool.Config) { c.MaxBytes = 20_000 })
	for i := range 25 {
		_, _ = b.pool.Submit(b.now, purse.Pay(fee(int64(5000+1000*i)), b.coin()), "peer") // taken or not
	}
	high := b.pool.MinFee(b.now)
	b.now = b.now.Add(337 * time.Hour)
	b.pool.Expire(b.now)
	if got := b.pool.MinFee(b.now); b.pool.Count() != 0 || got != high || high < 10_000 {
		t.Fatalf("%d wait, the minimum is %d, was %d", b.pool.Count(), got, high)
	}
	b.mine(t, 2) // by the clock of today
	if got := b.pool.MinFee(time.Now().Add(100 * time.Hour)); got != 1000 {
		t.Errorf("100 h after a block the minimum is %d", got)
	}
}

func TestEvictionTakesDescendantsAlongAndSparesPaidForParents(t *testing.T) {
	b := open(t, 12, func(c *txpool.Config) { c.MaxBytes = 34_000 })
	pad := func(fee int64) purse.Payment { return purse.Payment{Fee: fee, Padding: 2000} }
	poor := purse.Pay(pad(3000), b.coin())
	poorChild := purse.Pay(pad(3100), purse.Coins(poor)...)
	saved := purse.Pay(pad(2900), b.coin())
	rich := purse.Pay(pad(90_000), purse.Coins(saved)...)
	b.submit(t, poor, poorChild, saved, rich)
	for b.pool.Have(*poor.Hash()) {
		b.submit(t, purse.Pay(pad(20_000), b.coin()))
	}
	if b.pool.Have(*poorChild.Hash()) {
		t.Error("a child stayed without its parent")
	}
	if !b.pool.Have(*saved.Hash()) || !b.pool.Have(*rich.Hash()) {
		t.Error("a parent went although its child pays for it")
	}
}

// Row T4: mining looks at no more than two blocks' worth, the best, and takes a parent
// for what its child pays.
func TestMiningChoosesTheBest(t *testing.T) {
	b := open(t, 60)
	parent := purse.Pay(purse.Payment{Fee: 99_000, Padding: 98_000}, b.coin())
	child := purse.Pay(fee(5_000_000), purse.Coins(parent)...)
	b.submit(t, parent, child)
	for i := range 40 {
		b.submit(t, purse.Pay(purse.Payment{Fee: 200_000 + 1000*int64(i), Padding: 98_000}, b.coin()))
	}
	worst := b.pool.Entries()[2]
	descs := b.pool.Source().MiningDescs()
	if len(descs) > 25 || *descs[1].Tx.Hash() != *parent.Hash() && *descs[0].Tx.Hash() != *parent.Hash() {
		t.Errorf("mining chooses from %d, not first the parent of the best", len(descs))
	}
	b.mine(t, 1)
	if b.pool.Have(*parent.Hash()) || b.pool.Have(*child.Hash()) || !b.pool.Have(*worst.Tx.Hash()) {
		t.Error("the block did not take the best")
	}
	for n := b.pool.Count(); n > 0; n = b.pool.Count() {
		if b.mine(t, 1); b.pool.Count() == n {
			t.Fatalf("%d are never mined", n)
		}
	}
}

package txpool_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
)

// Whatever happens in whatever order, the pool's parts agree with each other and with
// the chain, and a block can be made of it.
func TestAnyOrderOfEvents(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			b := open(t, 150, func(c *txpool.Config) {
				c.MaxBytes, c.MaxChain, c.Orphans, c.OrphanWeight = 60_000, 6, 12, 4000
			})
			w := &weather{bank: b, rng: rand.New(rand.NewPCG(seed, 1)), coins: slices.Clone(b.coins), floor: b.Tip().Hash}
			for step := range 1000 {
				what := w.step(t)
				if problems := b.pool.Problems(); len(problems) > 0 {
					t.Fatalf("step %d, %s: %q", step, what, problems)
				}
			}
			t.Log(w.taken, w.orphans, w.reorganised)
			if w.taken < 50 || w.orphans < 5 || w.reorganised < 3 {
				t.Errorf("%d taken, %d orphans, %d reorganisations: the test tells little", w.taken, w.orphans, w.reorganised)
			}
		})
	}
}

// weather is what happens to a pool.
type weather struct {
	*bank
	rng   *rand.Rand
	coins []purse.Coin // spent or not, confirmed or not
	held  []*btcutil.Tx
	floor chainhash.Hash // below which nothing is reorganised

	taken, orphans, reorganised int
}

func (w *weather) step(t *testing.T) string {
	switch n := w.rng.IntN(100); {
	case n < 70:
		w.submit()
		return "submit"
	case n < 78 && len(w.held) > 0:
		i := w.rng.IntN(len(w.held))
		w.send(w.held[i])
		return "send what was held back"
	case n < 88:
		w.mine(t, 1)
		return "mine"
	case n < 91:
		w.reorganise(t)
		return "reorganise"
	case n < 94:
		w.pool.Leave(w.peer())
		return "leave"
	case n < 97:
		w.now = w.now.Add(time.Duration(w.rng.IntN(100)) * time.Hour)
		w.pool.Expire(w.now)
		return "expire"
	default:
		if block := w.block(t, w.Tip().Hash); len(block.Transactions()) > 1 {
			w.pool.Adopt(w.now, block)
		}
		return "adopt"
	}
}

func (w *weather) peer() string { return string(rune('a' + w.rng.IntN(3))) }

// submit makes a transaction of one to three coins and sends it, or keeps it for
// later while others may spend from it.
func (w *weather) submit() {
	p := purse.Payment{
		Fee: 1000 + w.rng.Int64N(50_000), Outputs: 1 + w.rng.IntN(4), Padding: w.rng.IntN(1500), Replaceable: w.rng.IntN(2) == 0,
	}
	var coins []purse.Coin
	for range 1 + w.rng.IntN(3) {
		i := w.rng.IntN(len(w.coins))
		if n := min(len(w.coins), 10); w.rng.IntN(2) == 0 {
			i = len(w.coins) - 1 - w.rng.IntN(n)
		}
		if slices.Contains(coins, w.coins[i]) {
			continue // twice the same is not valid
		}
		coins = append(coins, w.coins[i])
		if w.rng.IntN(4) > 0 { // else somebody will spend it twice
			w.coins = slices.Delete(w.coins, i, i+1)
		}
	}
	tx := purse.Pay(p, coins...)
	if w.rng.IntN(5) == 0 {
		w.held = append(w.held, tx)
		w.coins = append(w.coins, purse.Coins(tx)...)
	} else if w.send(tx) || w.rng.IntN(10) == 0 {
		w.coins = append(w.coins, purse.Coins(tx)...)
	}
	for _, c := range w.bank.coins[w.rng.IntN(len(w.bank.coins)):] {
		if len(w.coins) < 30 { // of which many are spent
			w.coins = append(w.coins, c)
		}
	}
}

func (w *weather) send(tx *btcutil.Tx) bool {
	taken, err := w.pool.Submit(w.now, tx, w.peer())
	w.taken += len(taken)
	if reason(err) == events.OrphanTx {
		w.orphans++
	}
	return err == nil
}

func (w *weather) reorganise(t *testing.T) {
	t.Helper()
	depth := 1 + w.rng.IntN(4)
	from := w.Tip().Hash
	for range depth {
		if from == w.floor {
			return
		}
		e, _ := w.Headers().Lookup(from)
		from = e.Header.PrevBlock
	}
	reorganise(t, w.bank, from, depth+1)
	w.reorganised++
}

// Everybody may use the pool at once.
func TestConcurrentUse(t *testing.T) {
	b := open(t, 40, func(c *txpool.Config) { c.MaxBytes = 30_000 })
	var group sync.WaitGroup
	for worker := range 4 {
		coins := b.coins[worker*9 : (worker+1)*9]
		group.Go(func() {
			from := fmt.Sprint(worker)
			for _, c := range coins {
				parent := purse.Pay(purse.Payment{Fee: 20_000, Padding: 500}, c)
				child := purse.Pay(purse.Payment{Fee: 20_000, Padding: 500}, purse.Coins(parent)...)
				_, _ = b.pool.Submit(b.now, child, from) // an orphan
				_, _ = b.pool.Submit(b.now, parent, from)
				_, _, _ = b.pool.Check(b.now, child)
				_ = b.pool.Explain(child, nil, nil)
				_, _ = b.pool.Raw(*parent.Hash())
				_ = b.pool.Conflicts(child)
				_, _, _ = b.pool.Overlay().MaybeAcceptTransaction(purse.Pay(fee(1000), purse.Coins(child)...), true, false)
			}
			b.pool.Leave(from)
		})
	}
	group.Go(func() {
		for range 5 {
			b.mine(t, 1)
			fork := b.Tip().Hash
			b.mine(t, 1)
			branch(t, b, fork, time.Second, nil, nil)
		}
	})
	group.Go(func() {
		for range 50 {
			_, _, _ = b.pool.Entries(), b.pool.Info(b.now), b.pool.Source().MiningDescs()
			b.pool.Expire(b.now)
			_ = b.pool.Hashes(10, func(h chainhash.Hash) bool { return b.pool.Have(h) })
		}
	})
	group.Wait()
	if problems := b.pool.Problems(); len(problems) > 0 {
		t.Errorf("%q", problems)
	}
}

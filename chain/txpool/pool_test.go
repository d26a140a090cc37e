package txpool_test

import (
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ipfs/go-datastore"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/store"
)

// bank is a regtest chain with coins that are ripe.
type bank struct {
	*chain.Chain
	pool  *txpool.Pool
	coins []purse.Coin
	now   time.Time
}

func open(tb testing.TB, ripe int, adjust ...func(*txpool.Config)) *bank {
	tb.Helper()
	cfg := chain.DefaultConfig(filepath.Join(tb.TempDir(), "chain"))
	for _, f := range adjust {
		f(&cfg.Mempool)
	}
	c, err := chain.Open(cfg, &chaincfg.RegressionNetParams, store.OpenMemory().View("headers"), slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	b := &bank{Chain: c, pool: c.Mempool(), now: time.Now()}
	for i, hash := range b.mine(tb, ripe+100) {
		if i < ripe {
			b.coins = append(b.coins, purse.Mined(b.block(tb, hash))...)
		}
	}
	return b
}

func (b *bank) mine(tb testing.TB, n int) []chainhash.Hash {
	tb.Helper()
	hashes, err := b.Mine(tb.Context(), purse.Anybody(), n)
	if err != nil {
		tb.Fatal(err)
	}
	return hashes
}

func (b *bank) block(tb testing.TB, hash chainhash.Hash) *btcutil.Block {
	tb.Helper()
	raw, err := b.StoredBlock(hash)
	if err != nil {
		tb.Fatal(err)
	}
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return block
}

// coin takes one out.
func (b *bank) coin() purse.Coin {
	c := b.coins[0]
	b.coins = b.coins[1:]
	return c
}

func (b *bank) submit(tb testing.TB, txs ...*btcutil.Tx) {
	tb.Helper()
	for _, tx := range txs {
		if _, err := b.pool.Submit(b.now, tx, ""); err != nil {
			tb.Fatal(err)
		}
	}
}

// refused fails the test unless the pool refuses the transaction for the reason.
func (b *bank) refused(tb testing.TB, tx *btcutil.Tx, want events.Reason) {
	tb.Helper()
	_ = b.refusal(tb, tx, want)
}

// refusal is refused with the error.
func (b *bank) refusal(tb testing.TB, tx *btcutil.Tx, want events.Reason) *txpool.RejectError {
	tb.Helper()
	_, err := b.pool.Submit(b.now, tx, "peer")
	refused, ok := errors.AsType[*txpool.RejectError](err)
	if !ok || refused.Reason != want {
		tb.Fatalf("%v, want %s", err, want)
	}
	return refused
}

func fee(n int64) purse.Payment { return purse.Payment{Fee: n} }

func TestReasons(t *testing.T) {
	b := open(t, 6)
	tx := purse.Pay(fee(1000), b.coin())
	b.submit(t, tx)
	b.refused(t, tx, events.KnownTx)
	b.refused(t, purse.Pay(fee(2000), purse.Coin{Out: tx.MsgTx().TxIn[0].PreviousOutPoint, Value: 50e8}), events.ConflictTx)
	b.refused(t, purse.Pay(fee(1), b.coins[0]), events.LowFeeTx)
	b.refused(t, purse.Pay(fee(-1), b.coins[0]), events.InvalidTx)
	b.refused(t, purse.Pay(purse.Payment{Fee: 500_000, Padding: 100_000}, b.coins[0]), events.OversizeTx)
	young := purse.Mined(b.block(t, b.mine(t, 1)[0]))
	b.refused(t, purse.Pay(fee(1000), young...), events.NonstandardTx)
	b.refused(t, tx, events.MinedTx)
	stranger := purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{1}}, Value: 1000}
	if got := b.refusal(t, purse.Pay(fee(500), stranger), events.OrphanTx); !slices.Equal(got.Missing, []chainhash.Hash{{1}}) {
		t.Errorf("missing %v", got.Missing)
	}
	coinbase := b.block(t, b.Tip().Hash).Transactions()[0]
	b.refused(t, coinbase, events.InvalidTx)
	if b.pool.Count() != 0 {
		t.Errorf("%d wait", b.pool.Count())
	}
}

// What broke a rule is not validated twice, until a block comes, and is remembered
// by its id with witnesses: a copy with a spoilt witness must not shadow it.
func TestRejectsAreRememberedByWtxid(t *testing.T) {
	b := open(t, 2)
	low := purse.Pay(fee(1), b.coins[0])
	b.refused(t, low, events.LowFeeTx)
	if got := b.refusal(t, low, events.LowFeeTx); !errors.Is(got, txpool.ErrRejected) {
		t.Errorf("validated again: %v", got)
	}
	good := purse.Pay(fee(1000), b.coins[0])
	spoilt := good.MsgTx().Copy()
	spoilt.TxIn[0].Witness = wire.TxWitness{{1}} // OP_TRUE takes none
	bad := btcutil.NewTx(spoilt)
	if *bad.Hash() != *good.Hash() || *bad.WitnessHash() == *good.WitnessHash() {
		t.Fatal("the copies are not what the test is about")
	}
	b.refused(t, bad, events.InvalidTx)
	if _, err := b.pool.Submit(b.now, good, "peer"); err != nil {
		t.Errorf("the real one: %v", err)
	}
	b.mine(t, 1)
	if got := b.refusal(t, low, events.OrphanTx); errors.Is(got, txpool.ErrRejected) {
		t.Error("a block has come, and it is rejected from memory")
	}
}

func TestChainsAreLimited(t *testing.T) {
	b := open(t, 2)
	tx := purse.Pay(fee(1000), b.coin())
	b.submit(t, tx)
	for range 24 {
		tx = purse.Pay(fee(1000), purse.Coins(tx)...)
		b.submit(t, tx)
	}
	if got := b.refusal(t, purse.Pay(fee(1000), purse.Coins(tx)...), events.NonstandardTx); !errors.Is(got, txpool.ErrChain) {
		t.Errorf("%v", got)
	}
	wide := purse.Pay(purse.Payment{Fee: 5000, Outputs: 30}, b.coin())
	b.submit(t, wide)
	for _, c := range purse.Coins(wide)[:24] {
		b.submit(t, purse.Pay(fee(1000), c))
	}
	b.refused(t, purse.Pay(fee(1000), purse.Coins(wide)[24]), events.NonstandardTx)
}

func TestReplacement(t *testing.T) {
	b := open(t, 2)
	c := b.coin()
	pay := func(fee int64) *btcutil.Tx { return purse.Pay(purse.Payment{Fee: fee, Replaceable: true}, c) }
	first := pay(1000)
	child := purse.Pay(fee(1000), purse.Coins(first)...)
	b.submit(t, first, child)
	var gone []chainhash.Hash
	b.pool.Subscribe(func(c txpool.Change) {
		if c.Why == txpool.Replaced {
			gone = append(gone, *c.Tx.Hash())
		}
	})
	b.refused(t, pay(1100), events.LowFeeTx)
	second := pay(10_000)
	b.submit(t, second)
	if b.pool.Count() != 1 || !b.pool.Have(*second.Hash()) || len(gone) != 2 {
		t.Errorf("%d wait, %d were replaced", b.pool.Count(), len(gone))
	}
}

// Row T5: a sender of many orphans costs nobody else one.
func TestOrphansOfOneSenderPushOutNobodyElses(t *testing.T) {
	b := open(t, 30, func(c *txpool.Config) { c.Orphans = 100; c.OrphanWeight = 20_000 })
	parent := purse.Pay(fee(1000), b.coin())
	child := purse.Pay(fee(1000), purse.Coins(parent)...)
	grandchild := purse.Pay(fee(1000), purse.Coins(child)...)
	for _, tx := range []*btcutil.Tx{grandchild, child} {
		if _, err := b.pool.Submit(b.now, tx, "honest"); err == nil {
			t.Fatal("an orphan was taken")
		}
	}
	for i := range 1000 {
		lost := purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{byte(i), byte(i >> 8), 7}}, Value: 5000} // below 65,536
		if _, err := b.pool.Submit(b.now, purse.Pay(fee(1000), lost), "villain"); err == nil {
			t.Fatal("an orphan was taken")
		}
	}
	taken, err := b.pool.Submit(b.now, parent, "honest")
	if err != nil || len(taken) != 3 || taken[0] != parent {
		t.Errorf("%d taken with their parent, %v; want 3", len(taken), err)
	}
	// Who leaves takes its orphans along; who waits too long goes.
	for i, from := range []string{"leaver", "sleeper"} {
		parent := purse.Pay(fee(1000), b.coins[i])
		b.now = b.now.Add(time.Minute)
		if _, err := b.pool.Submit(b.now, purse.Pay(fee(1000), purse.Coins(parent)...), from); err == nil {
			t.Fatal("an orphan was taken")
		}
		if from == "leaver" {
			b.pool.Leave(from)
		} else {
			b.now = b.now.Add(21 * time.Minute)
			b.pool.Expire(b.now)
		}
		if taken, err := b.pool.Submit(b.now, parent, "honest"); err != nil || len(taken) != 1 {
			t.Errorf("%s: %d taken, %v", from, len(taken), err)
		}
	}
}

func TestExpiry(t *testing.T) {
	b := open(t, 2)
	old := purse.Pay(fee(1000), b.coin())
	b.submit(t, old)
	b.now = b.now.Add(336*time.Hour - time.Minute)
	young := purse.Pay(fee(1000), purse.Coins(old)...)
	other := purse.Pay(fee(1000), b.coin())
	b.submit(t, young, other)
	b.pool.Expire(b.now)
	if b.pool.Count() != 3 {
		t.Errorf("%d wait before their time, want 3", b.pool.Count())
	}
	b.pool.Expire(b.now.Add(time.Minute))
	if b.pool.Count() != 1 || !b.pool.Have(*other.Hash()) {
		t.Errorf("%d wait, want the last alone", b.pool.Count())
	}
}

func TestDumpOutlivesARestart(t *testing.T) {
	b := open(t, 3)
	view := store.OpenMemory().View("mempool")
	parent := purse.Pay(fee(1000), b.coin())
	child := purse.Pay(fee(1000), purse.Coins(parent)...)
	old := purse.Pay(fee(1000), b.coin())
	b.submit(t, old)
	b.now = b.now.Add(300 * time.Hour)
	b.submit(t, parent)
	b.now = b.now.Add(time.Second)
	b.submit(t, child)
	for range 2 { // the second one replaces the first
		if err := b.pool.Dump(t.Context(), view); err != nil {
			t.Fatal(err)
		}
	}
	want := b.pool.Entries()
	b.pool.Expire(b.now.Add(1000 * time.Hour))
	if b.pool.Count() != 0 {
		t.Fatal("the pool is not empty")
	}
	taken, left, err := b.pool.Load(t.Context(), b.now.Add(time.Hour), view)
	if err != nil || taken != 3 || left != 0 {
		t.Fatalf("%d taken, %d left, %v", taken, left, err)
	}
	for i, e := range b.pool.Entries() {
		if *e.Tx.Hash() != *want[i].Tx.Hash() || e.Added.UnixNano() != want[i].Added.UnixNano() || e.Fee != want[i].Fee {
			t.Errorf("entry %d is %v of %v, want %v of %v", i, e.Tx.Hash(), e.Added, want[i].Tx.Hash(), want[i].Added)
		}
	}
	b.pool.Expire(b.now.Add(1000 * time.Hour))
	if taken, left, err := b.pool.Load(t.Context(), b.now.Add(100*time.Hour), view); err != nil || taken != 2 || left != 1 {
		t.Errorf("%d taken, %d left, %v: one is too old", taken, left, err)
	}
	// Garbage and an emptier dump.
	b.pool.Expire(b.now.Add(1000 * time.Hour))
	if err := view.Put(t.Context(), datastore.NewKey(parent.WitnessHash().String()), []byte("garbage")); err != nil {
		t.Fatal(err)
	}
	if taken, left, err := b.pool.Load(t.Context(), b.now, view); err != nil || taken != 1 || left != 2 {
		t.Errorf("%d taken, %d left, %v: the child's parent is garbage", taken, left, err)
	}
	b.submit(t, parent) // whose place the garbage had
	if err := b.pool.Dump(t.Context(), view); err != nil {
		t.Fatal(err)
	}
	b.pool.Expire(b.now.Add(1000 * time.Hour))
	if taken, left, err := b.pool.Load(t.Context(), b.now, view); err != nil || taken != 2 || left != 0 {
		t.Errorf("%d taken, %d left, %v: what was dumped before is here still", taken, left, err)
	}
}

// Chains of transactions over several blocks come back whole (invariant I4).
func TestReorganisationBringsBackChains(t *testing.T) {
	b := open(t, 2)
	tx := purse.Pay(fee(1000), b.coin())
	var all []*btcutil.Tx
	fork := b.Tip()
	for range 3 {
		b.submit(t, tx)
		all = append(all, tx)
		b.mine(t, 1)
		tx = purse.Pay(fee(1000), purse.Coins(tx)...)
	}
	b.submit(t, tx) // unconfirmed, on top of them
	all = append(all, tx)
	lost := purse.Pay(fee(5000), purse.Coin{Out: all[0].MsgTx().TxIn[0].PreviousOutPoint, Value: 50e8})
	reorganise(t, b, fork.Hash, 4)
	for i, tx := range all {
		if !b.pool.Have(*tx.Hash()) {
			t.Errorf("transaction %d did not come back", i)
		}
	}
	// A branch that spends the first coin otherwise makes all of them impossible.
	b.now = time.Now()
	reorganise(t, b, fork.Hash, 6, lost)
	if b.pool.Count() != 0 {
		t.Errorf("%d wait for what cannot come", b.pool.Count())
	}
}

func TestOverlayStandsOnThePool(t *testing.T) {
	b := open(t, 2)
	parent := purse.Pay(fee(1000), b.coin())
	b.submit(t, parent)
	over := b.pool.Overlay()
	child := purse.Pay(fee(1000), purse.Coins(parent)...)
	grandchild := purse.Pay(fee(1000), purse.Coins(child)...)
	for _, tx := range []*btcutil.Tx{child, grandchild} {
		if missing, _, err := over.MaybeAcceptTransaction(tx, true, false); err != nil || len(missing) > 0 {
			t.Errorf("%v, missing %v", err, missing)
		}
	}
	if missing, _, err := b.pool.Overlay().MaybeAcceptTransaction(grandchild, true, false); err != nil || len(missing) != 1 {
		t.Errorf("another overlay knows of the first: %v, missing %v", err, missing)
	}
	if b.pool.Have(*child.Hash()) || b.pool.Count() != 1 {
		t.Error("the overlay shows in the pool")
	}
}

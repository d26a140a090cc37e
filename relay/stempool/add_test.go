package stempool

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/store"
)

// world is a chain with n coins, its mempool and a stempool on it.
func world(t *testing.T, n int) (*Pool, *txpool.Pool, []purse.Coin) {
	t.Helper()
	c, err := chain.Open(chain.DefaultConfig(filepath.Join(t.TempDir(), "chain")), &chaincfg.RegressionNetParams,
		store.OpenMemory().View("headers"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	hashes, err := c.Mine(t.Context(), purse.Anybody(), 101)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.StoredBlock(hashes[0])
	if err != nil {
		t.Fatal(err)
	}
	b, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	tx := purse.Pay(purse.Payment{Fee: 100_000, Outputs: n}, purse.Mined(b)...)
	if err := c.Submit(tx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Mine(t.Context(), purse.Anybody(), 1); err != nil {
		t.Fatal(err)
	}
	return New(DefaultConfig(), c.Mempool(), start()), c.Mempool(), purse.Coins(tx)
}

func TestStemsPassTheWholeCheck(t *testing.T) {
	p, pool, coins := world(t, 8)
	waiting := pay(1000, coins[7])
	if _, err := pool.Submit(start(), waiting, ""); err != nil {
		t.Fatal(err)
	}
	good := pay(1000, coins[0])
	child := pay(1000, purse.Coins(good)...)
	for i, c := range []struct {
		tx   *btcutil.Tx
		want events.Reason
	}{
		{good, ""},
		{good, ""}, // again, from the same edge
		{child, ""},
		{pay(1000, purse.Coins(waiting)...), ""}, // spends from the mempool
		{pay(2000, coins[0]), events.ConflictTx},
		{purse.Pay(purse.Payment{Fee: 50_000, Replaceable: true}, coins[0]), events.ConflictTx}, // the first is kept
		{pay(2000, coins[7]), events.ConflictTx},
		{waiting, events.KnownTx},
		{pay(1, coins[1]), events.LowFeeTx},
		{pay(-1, coins[1]), events.InvalidTx},
		{pay(500, purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{1}}, Value: 1000}), events.OrphanTx},
		{pay(500, purse.Coin{Out: wire.OutPoint{Index: wire.MaxPrevOutIndex}, Value: 1000}), events.InvalidTx}, // a coinbase
		{purse.Pay(purse.Payment{Fee: 500_000, Padding: 100_000}, coins[1]), events.OversizeTx},
	} {
		if got := add(t, p, c.tx, "a"); got != c.want {
			t.Errorf("case %d: %q, want %q", i, got, c.want)
		}
		consistent(t, p)
	}
	if pool.Count() != 1 {
		t.Error("a stem is in the mempool")
	}
}

// What conflicts with the mempool stands if it would replace there, so that the
// operator can raise a fee in secret.
func TestReplacementOfTheMempoolsIsStemmed(t *testing.T) {
	l := newLedger(3)
	final := pay(1000, l.coins[0])
	replaceable := purse.Pay(purse.Payment{Fee: 1000, Replaceable: true}, l.coins[1])
	for _, tx := range []*btcutil.Tx{final, replaceable} {
		if _, err := l.Submit(start(), tx, ""); err != nil {
			t.Fatal(err)
		}
	}
	p := l.stems()
	if got := add(t, p, pay(9000, l.coins[0]), own); got != events.ConflictTx {
		t.Errorf("of one that is final: %q", got)
	}
	if got := add(t, p, pay(1001, l.coins[1]), own); got != events.ConflictTx {
		t.Errorf("that pays too little: %q", got)
	}
	better := pay(9000, l.coins[1])
	mustAdd(t, p, own, better)
	if got := add(t, p, pay(1000, l.coins[2], purse.Coins(better)[0]), own); got != "" {
		t.Errorf("spending the replacement: %q", got)
	}
	if !l.Have(*replaceable.Hash()) {
		t.Error("what is replaced has left the mempool before the fluff")
	}
}

// A stem below what the mempool takes at the moment would be relayed for nothing.
func TestStemsPayTheMempoolsMinimum(t *testing.T) {
	l := newLedger(40, func(c *txpool.Config) { c.MaxBytes = 20_000 })
	for i, c := range l.coins[:30] {
		_, _ = l.Submit(start(), pay(10_000+int64(i), c), "") // until no more is taken
	}
	if l.MinFee(start()) < 10_000 {
		t.Fatalf("the minimum is %v: the mempool is not full", l.MinFee(start()))
	}
	p := l.stems()
	if got := add(t, p, pay(1000, l.coins[30]), "a"); got != events.LowFeeTx {
		t.Errorf("%q", got)
	}
	consistent(t, p)
	mustAdd(t, p, "a", pay(20_000, l.coins[30]))
}

// Only what breaks consensus for sure is told apart: the caller charges for it.
func TestBrokenScriptsAreChargedForSure(t *testing.T) {
	l := newLedger(1)
	never := l.mint(1000, []byte{txscript.OP_FALSE})
	upgradable := l.mint(1001, []byte{txscript.OP_NOP10, txscript.OP_TRUE}) // policy alone forbids to spend it
	for _, from := range []string{"a", "b"} {
		p := l.stems()
		if got := add(t, p, pay(1000, never), "a"); got != events.InvalidTx {
			t.Errorf("%s: a script that fails: %q", from, got)
		}
		if got := add(t, p, pay(1000, upgradable), "a"); got != events.NonstandardTx {
			t.Errorf("%s: a script that policy forbids: %q", from, got)
		}
		if left := p.edges["a"].budget.checks.left; left != p.cfg.Checks.First-4 {
			t.Errorf("%s: %v of the budget is left: two inputs are looked at twice", from, left)
		}
	}
	// The same below a stem: the mempool cannot look at it.
	p := l.stems()
	parent := pay(1000, l.coins[0])
	parent.MsgTx().TxOut[0].PkScript = []byte{txscript.OP_FALSE}
	parent = btcutil.NewTx(parent.MsgTx())
	mustAdd(t, p, "a", parent)
	child := pay(1000, purse.Coin{Out: wire.OutPoint{Hash: *parent.Hash()}, Value: parent.MsgTx().TxOut[0].Value})
	if got := add(t, p, child, "a"); got != events.NonstandardTx {
		t.Errorf("a script that fails below a stem: %q", got)
	}
	consistent(t, p)
}

func TestChainsOfStemsEnd(t *testing.T) {
	l := newLedger(1)
	p := l.stems()
	txs := chainOf(maxChain+1, l.coins[0])
	mustAdd(t, p, "a", txs[:maxChain]...)
	if got := add(t, p, txs[maxChain], "a"); got != events.NonstandardTx {
		t.Errorf("%q", got)
	}
}

// The budget is charged before anything is looked up, and a rest fills it again.
func TestBudgetComesBeforeValidation(t *testing.T) {
	l := newLedger(500)
	p := l.stems(func(c *Config) { c.Count = Rate{PerSecond: 1, Burst: 20} })
	refused := 0
	for _, c := range l.coins[:100] {
		switch add(t, p, pay(1, c), "a") {
		case events.LowFeeTx:
		case events.StemBudget:
			refused++
		default:
			t.Fatal("a transaction without a fee was taken")
		}
	}
	if refused != 80 || l.asked != 20 {
		t.Errorf("%d refused, %d validated; want 80, 20", refused, l.asked)
	}
	for range 100 {
		if got := add(t, p, pay(1, l.coins[0]), own); got != events.LowFeeTx {
			t.Fatalf("an own one: %q", got)
		}
	}
	p.Leave("a") // and comes back
	if got := add(t, p, pay(1000, l.coins[0]), "a"); got != events.StemBudget {
		t.Errorf("a new link has brought a new budget: %q", got)
	}
	if got := reason(t, p.Add(start().Add(time.Second), pay(1000, l.coins[0]), "a")); got != "" {
		t.Errorf("after a second: %q", got)
	}
}

// A transaction that costs more than can be saved up passes after a rest, and leaves
// a debt.
func TestBudgetLendsForOne(t *testing.T) {
	b := newBudget(Config{Count: Rate{1, 10, 0}, Bytes: Rate{1, 10, 0}, Checks: Rate{10, 100, 50}}, start())
	spend := func(second, checks int) bool {
		return b.spend(start().Add(time.Duration(second)*time.Second), 1, checks)
	}
	if spend(0, 500) || spend(4, 500) {
		t.Error("a new edge is lent more than it has")
	}
	if !spend(5, 500) {
		t.Error("a full budget does not pay for a large transaction")
	}
	if spend(45, 1) || !spend(46, 1) {
		t.Error("the debt of 400 is not paid back at 10 a second")
	}
}

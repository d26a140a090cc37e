package txpool_test

import (
	"bytes"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ipfs/go-datastore"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/store"
)

// wallet is a chain that is nothing but outputs, for what no real chain does at will.
type wallet struct {
	outputs map[wire.OutPoint]*wire.TxOut
	locked  atomic.Bool   // looking outputs up waits for open, as while a block is validated
	open    chan struct{} // closed when it may
	asked   atomic.Int64
}

func newWallet(cfg txpool.Config, scripts ...[]byte) (*wallet, *txpool.Pool, []purse.Coin) {
	w := &wallet{outputs: make(map[wire.OutPoint]*wire.TxOut), open: make(chan struct{})}
	coins := make([]purse.Coin, len(scripts))
	for i, s := range scripts {
		coins[i] = purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{1}, Index: uint32(i)}, Value: 1e8} // few
		w.outputs[coins[i].Out] = wire.NewTxOut(1e8, s)
	}
	return w, txpool.New(cfg, mempool.Config{
		Policy:             mempool.Policy{MaxTxVersion: 2, DisableRelayPriority: true, AcceptNonStd: true, MaxSigOpCostPerTx: 20_000},
		ChainParams:        &chaincfg.MainNetParams,
		FetchUtxoView:      w.view,
		BestHeight:         func() int32 { return 900_000 },
		MedianTimePast:     func() time.Time { return time.Unix(1.75e9, 0) },
		IsDeploymentActive: func(uint32) (bool, error) { return true, nil },
		SigCache:           txscript.NewSigCache(10),
		CalcSequenceLock: func(*btcutil.Tx, *blockchain.UtxoViewpoint) (*blockchain.SequenceLock, error) {
			return &blockchain.SequenceLock{Seconds: -1, BlockHeight: -1}, nil
		},
	}), coins
}

func (w *wallet) view(tx *btcutil.Tx) (*blockchain.UtxoViewpoint, error) {
	w.asked.Add(1)
	if w.locked.Load() {
		<-w.open
	}
	view := blockchain.NewUtxoViewpoint()
	for _, in := range tx.MsgTx().TxIn {
		view.Entries()[in.PreviousOutPoint] = nil
		if out, ok := w.outputs[in.PreviousOutPoint]; ok {
			view.Entries()[in.PreviousOutPoint] = blockchain.NewUtxoEntry(out, 1, false)
		}
	}
	return view, nil
}

func reason(err error) events.Reason {
	if refused, ok := errors.AsType[*txpool.RejectError](err); ok {
		return refused.Reason
	}
	return ""
}

// Scripts that only policy forbids are nobody's crime: a block may hold them.
func TestScriptsThatOnlyPolicyForbidsAreNobodysFault(t *testing.T) {
	for _, c := range []struct {
		name    string
		script  []byte
		witness wire.TxWitness
		unlock  []byte
		want    events.Reason
	}{
		{"plain", []byte{txscript.OP_TRUE}, nil, nil, ""},
		{"reserved for upgrades", []byte{txscript.OP_NOP10, txscript.OP_TRUE}, nil, nil, events.NonstandardTx},
		{"leaves two values", []byte{txscript.OP_TRUE, txscript.OP_TRUE}, nil, nil, events.NonstandardTx},
		{"number with a zero too many", []byte{txscript.OP_1ADD}, nil, []byte{txscript.OP_DATA_2, 1, 0}, events.NonstandardTx},
		{"unknown witness version", append([]byte{txscript.OP_2, txscript.OP_DATA_32}, bytes.Repeat([]byte{1}, 32)...), nil, nil, events.NonstandardTx},
		{"false", []byte{txscript.OP_FALSE}, nil, nil, events.InvalidTx},
		{"does not parse", []byte{txscript.OP_DATA_10, 1}, nil, nil, events.InvalidTx},
		{"witness where none belongs", []byte{txscript.OP_TRUE}, wire.TxWitness{{1}}, nil, events.InvalidTx},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, pool, coins := newWallet(txpool.DefaultConfig(), c.script)
			tx := with(purse.Pay(fee(1000), coins...), func(m *wire.MsgTx) {
				m.TxIn[0].Witness, m.TxIn[0].SignatureScript = c.witness, c.unlock
			})
			if _, err := pool.Submit(time.Now(), tx, "peer"); reason(err) != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// A peer that names an output which a waiting transaction does not have lies.
func TestOutputThatDoesNotExistIsInvalid(t *testing.T) {
	b := open(t, 1)
	tx := purse.Pay(fee(1000), b.coin())
	b.submit(t, tx)
	beyond := purse.Coin{Out: wire.OutPoint{Hash: *tx.Hash(), Index: 7}, Value: 1000}
	b.refused(t, purse.Pay(fee(100), beyond), events.InvalidTx)
	nobodys := purse.Coin{Out: wire.OutPoint{Hash: *tx.Hash(), Index: 1}, Value: 1000} // OP_RETURN
	b.refused(t, purse.Pay(fee(100), nobodys), events.InvalidTx)
}

// A transaction that is mined, and whose outputs are spent, is no orphan.
func TestMinedTransactionsAreKnownThoughSpent(t *testing.T) {
	b := open(t, 3)
	tx := purse.Pay(fee(1000), b.coin())
	next := purse.Pay(fee(1000), purse.Coins(tx)...)
	b.submit(t, tx, next)
	b.mine(t, 1)
	b.refused(t, tx, events.MinedTx)

	w, pool, coins := newWallet(txpool.DefaultConfig(), purse.Anybody())
	old := purse.Pay(fee(1000), coins...)
	delete(w.outputs, coins[0].Out)
	pool.KnowMined(func(tx *btcutil.Tx) bool { return *tx.Hash() == *old.Hash() })
	if _, err := pool.Submit(time.Now(), old, "peer"); reason(err) != events.MinedTx {
		t.Errorf("with an index: %v", err)
	}
}

// While a block is validated nobody can look outputs up; what needs none is answered
// all the same.
func TestKnownTransactionsDoNotWaitForABlock(t *testing.T) {
	w, pool, coins := newWallet(txpool.DefaultConfig(), purse.Anybody(), purse.Anybody(), []byte{txscript.OP_FALSE})
	now := time.Now()
	known, bad := purse.Pay(fee(1000), coins[0]), purse.Pay(fee(1000), coins[2])
	if _, err := pool.Submit(now, known, "peer"); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Submit(now, bad, "peer"); reason(err) != events.InvalidTx {
		t.Fatal(err)
	}
	w.locked.Store(true)
	done := make(chan error)
	before := w.asked.Load()
	go func() {
		_, err := pool.Submit(now, purse.Pay(fee(1000), coins[1]), "peer")
		done <- err
	}()
	for w.asked.Load() == before {
		runtime.Gosched() // until it waits
	}
	if _, err := pool.Submit(now, known, "other"); reason(err) != events.KnownTx {
		t.Errorf("known: %v", err)
	}
	if _, err := pool.Submit(now, bad, "other"); reason(err) != events.InvalidTx {
		t.Errorf("rejected: %v", err)
	}
	if !pool.Have(*known.Hash()) || pool.Count() != 1 || len(pool.Entries()) != 1 || pool.Info(now).Count != 1 {
		t.Error("what waits cannot be read")
	}
	close(w.open)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Row T6: a transaction that is slow to validate and that policy forbids costs once,
// whoever repeats it, and what a full pool would not take anyway is not validated.
func TestRepeatedRefusalsCostNothing(t *testing.T) {
	slow := slowScript()
	w, pool, coins := newWallet(txpool.DefaultConfig(), slow)
	tx := purse.Pay(fee(100_000), coins...)
	start := time.Now()
	if _, err := pool.Submit(start, tx, "a"); reason(err) != events.NonstandardTx {
		t.Fatal(err)
	}
	asked := w.asked.Load()
	start = time.Now()
	for range 1000 {
		if _, err := pool.Submit(start, tx, "b"); !errors.Is(err, txpool.ErrRejected) {
			t.Fatal(err)
		}
	}
	if w.asked.Load() != asked {
		t.Error("it was validated again")
	}
	// The operator is told why each time.
	if _, err := pool.Submit(start, tx, ""); reason(err) != events.NonstandardTx || errors.Is(err, txpool.ErrRejected) {
		t.Errorf("the operator: %v", err)
	}
}

// slowScript hashes much, and leaves two values.
func slowScript() []byte {
	script := []byte{txscript.OP_TRUE, txscript.OP_PUSHDATA2, 0x08, 0x02} // 520 bytes
	script = append(script, make([]byte, 520)...)
	for range 60 {
		script = append(script, txscript.OP_DUP, txscript.OP_SHA256, txscript.OP_DROP)
	}
	return append(script, txscript.OP_DROP, txscript.OP_TRUE)
}

func TestFeeIsAskedBeforeScriptsRun(t *testing.T) {
	scripts := make([][]byte, 40)
	for i := range scripts {
		scripts[i] = purse.Anybody()
	}
	scripts[39] = []byte{txscript.OP_FALSE}
	cfg := txpool.DefaultConfig()
	cfg.MaxBytes = 20_000
	_, pool, coins := newWallet(cfg, scripts...)
	now := time.Now()
	for _, c := range coins[:38] {
		_, _ = pool.Submit(now, purse.Pay(fee(50_000), c), "peer") // those beyond the cap fail
	}
	if pool.MinFee(now) <= 100_000 {
		t.Fatal("the pool is not full")
	}
	if _, err := pool.Submit(now, purse.Pay(fee(1000), coins[39]), "peer"); !errors.Is(err, txpool.ErrMinFee) {
		t.Errorf("%v, want it to be refused for its fee", err)
	}
	if _, _, err := pool.Check(now, purse.Pay(fee(1000), coins[38])); reason(err) != events.LowFeeTx {
		t.Errorf("checked only: %v", err)
	}
}

func TestCheckChangesNothing(t *testing.T) {
	b := open(t, 2)
	c := b.coin()
	pay := func(fee int64) *btcutil.Tx { return purse.Pay(purse.Payment{Fee: fee, Replaceable: true}, c) }
	first := pay(1000)
	if fee, size, err := b.pool.Check(b.now, first); err != nil || fee != 1000 || size != 79 || b.pool.Count() != 0 {
		t.Errorf("fee %d, size %d, %v; %d wait", fee, size, err, b.pool.Count())
	}
	b.submit(t, first)
	if _, _, err := b.pool.Check(b.now, pay(20_000)); err != nil || !b.pool.Have(*first.Hash()) {
		t.Errorf("a replacement: %v", err)
	}
	for tx, want := range map[*btcutil.Tx]events.Reason{
		first:                         events.KnownTx,
		pay(-1):                       events.InvalidTx,
		purse.Pay(fee(1), b.coins[0]): events.LowFeeTx,
		purse.Pay(fee(1), purse.Coin{Value: 1000}): events.OrphanTx,
		b.block(t, b.Tip().Hash).Transactions()[0]: events.InvalidTx,
	} {
		if _, _, err := b.pool.Check(b.now, tx); reason(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
		if want != events.KnownTx && b.pool.Rejected(*tx.WitnessHash()) {
			t.Errorf("%s is remembered", want)
		}
	}
}

// FuzzLoad feeds what a damaged disk may hold.
func FuzzLoad(f *testing.F) {
	tx := bytesOf(f, purse.Pay(fee(1000), purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{1}}, Value: 1e8}))
	header := []byte{1, 0x18, 0x7a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}
	f.Add([]byte{})
	f.Add(header)
	f.Add(append(header, tx...))
	f.Add(append(header, tx[:40]...))
	f.Fuzz(func(t *testing.T, value []byte) {
		_, pool, _ := newWallet(txpool.DefaultConfig(), purse.Anybody())
		view := store.OpenMemory().View("mempool")
		key := datastore.NewKey("junk")
		if len(value) > 13 {
			if tx, err := btcutil.NewTxFromBytes(value[13:]); err == nil {
				key = datastore.NewKey(tx.WitnessHash().String())
			}
		}
		if err := view.Put(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
		taken, left, err := pool.Load(t.Context(), time.Unix(1.77e9, 0), view)
		if err != nil || taken+left != 1 || taken != pool.Count() {
			t.Errorf("%d taken, %d left, %v; %d wait", taken, left, err, pool.Count())
		}
	})
}

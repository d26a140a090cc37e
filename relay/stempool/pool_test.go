package stempool

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ipfs/go-datastore"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/store"
)

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// world is a chain with n coins, its mempool and a stempool on it.
func world(t *testing.T, n int, adjust ...func(*Config)) (*Pool, *txpool.Pool, []purse.Coin) {
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
	cfg := DefaultConfig()
	for _, f := range adjust {
		f(&cfg)
	}
	return New(cfg, c.Mempool(), start()), c.Mempool(), purse.Coins(tx)
}

func pay(fee int64, coins ...purse.Coin) *btcutil.Tx {
	return purse.Pay(purse.Payment{Fee: fee}, coins...)
}

// add returns the reason why a transaction is not taken, "" if it is.
func add(tb testing.TB, p *Pool, tx *btcutil.Tx, from peer.ID) events.Reason {
	tb.Helper()
	return reason(tb, p.Add(start(), tx, from))
}

func reason(tb testing.TB, err error) events.Reason {
	tb.Helper()
	if err == nil {
		return ""
	}
	refused, ok := errors.AsType[*txpool.RejectError](err)
	if !ok {
		tb.Fatalf("%T: %v", err, err)
	}
	return refused.Reason
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
		{pay(2000, coins[7]), events.ConflictTx},
		{waiting, events.KnownTx},
		{pay(1, coins[1]), events.LowFeeTx},
		{pay(-1, coins[1]), events.InvalidTx},
		{pay(500, purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{1}}, Value: 1000}), events.OrphanTx},
		{purse.Pay(purse.Payment{Fee: 500_000, Padding: 100_000}, coins[1]), events.OversizeTx},
	} {
		if got := add(t, p, c.tx, "a"); got != c.want {
			t.Errorf("case %d: %q, want %q", i, got, c.want)
		}
	}
	if pool.Count() != 1 {
		t.Error("a stem is in the mempool")
	}
}

// Whatever other edges hold, an edge's outcomes are the same: 40 seeds, each with
// and without another edge's transactions among them.
func TestEdgesCannotTellWhatOthersHold(t *testing.T) {
	_, pool, coins := world(t, 12)
	for seed := range uint64(40) {
		outcomes := func(others bool) (trace []string) {
			p := New(DefaultConfig(), pool, start())
			rng := rand.New(rand.NewPCG(seed, 1))
			var last *btcutil.Tx
			for range 60 {
				c := coins[rng.IntN(len(coins))]
				if last != nil && rng.IntN(4) == 0 {
					c = purse.Coins(last)[0]
				}
				tx := pay(1000+rng.Int64N(3)*1000, c)
				if from := [...]peer.ID{"edge", "edge", "other", own}[rng.IntN(4)]; from != "edge" {
					if others {
						_ = p.Add(start(), tx, from) // taken or not
					}
					continue
				}
				err := p.Add(start(), tx, "edge")
				trace = append(trace, fmt.Sprint(tx.Hash(), err))
				last = tx
			}
			return trace
		}
		if with, without := outcomes(true), outcomes(false); !slices.Equal(with, without) {
			t.Fatalf("seed %d: %v\n%v", seed, with, without)
		}
	}
}

func TestEdgesHaveTheirLimits(t *testing.T) {
	p, _, coins := world(t, 60, func(c *Config) { c.MaxCount, c.TotalCount, c.Count = 10, 25, Rate{1, 20} })
	next := 0
	send := func(from peer.ID, n int) map[events.Reason]int {
		got := make(map[events.Reason]int)
		for range n {
			got[add(t, p, pay(1000, coins[next]), from)]++
			next++
		}
		return got
	}
	if got := send("a", 25); got[""] != 10 || got[events.StemFull] != 10 || got[events.StemBudget] != 5 {
		t.Errorf("%v", got)
	}
	if got := send("b", 10); got[""] != 10 {
		t.Errorf("another edge: %v", got)
	}
	if got := send("c", 10); got[""] != 5 || got[events.StemFull] != 5 {
		t.Errorf("a third edge: %v", got)
	}
	// Rest fills the budget, and what is taken out makes room.
	tx := pay(1000, coins[50])
	if got := reason(t, p.Add(start().Add(3*time.Second), tx, "a")); got != events.StemFull {
		t.Errorf("after a rest: %q", got)
	}
	for hash := range p.edges["a"].txs {
		p.Take(hash)
		break
	}
	if got := reason(t, p.Add(start().Add(3*time.Second), tx, "a")); got != "" {
		t.Errorf("after one was taken: %q", got)
	}
	for range 60 {
		p.Add(start(), tx, "d") //nolint:errcheck // taken or not
	}
	p.Leave("d")
	for from := range p.edges {
		p.Leave(from)
		for hash := range p.edges[from].txs {
			p.Drop(hash)
			if p.edges[from] == nil {
				break
			}
		}
	}
	if len(p.edges) != 0 || p.count != 0 || p.bytes != 0 {
		t.Errorf("%d edges, %d transactions, %d bytes are left", len(p.edges), p.count, p.bytes)
	}
}

func TestWhatIsFluffedWins(t *testing.T) {
	p, _, coins := world(t, 4)
	a := pay(1000, coins[0])
	child := pay(1000, purse.Coins(a)...)
	b := pay(2000, coins[0])
	other := pay(1000, coins[1])
	for _, tx := range []*btcutil.Tx{a, child, other} {
		if got := add(t, p, tx, "a"); got != "" {
			t.Fatal(got)
		}
	}
	if got := add(t, p, b, "b"); got != "" {
		t.Fatal(got)
	}
	lost := p.Fluffed(b)
	if len(lost) != 2 || !slices.Contains(lost, *a.Hash()) || !slices.Contains(lost, *child.Hash()) {
		t.Errorf("lost %v", lost)
	}
	if _, ok := p.Get(*b.Hash()); ok || p.Len() != 1 {
		t.Errorf("%d are held", p.Len())
	}
	if _, ok := p.Take(*other.Hash()); !ok || p.Len() != 0 {
		t.Error("the other is gone")
	}
}

func TestShelfOutlivesARestart(t *testing.T) {
	p, _, coins := world(t, 4)
	view := store.OpenMemory().View("stempool")
	shelf := NewShelf(view)
	tx := pay(1000, coins[0])
	var held []dandelion.Held
	for i, from := range []peer.ID{"", "a peer"} {
		tx := pay(int64(1000+i), coins[i]) // small
		held = append(held, dandelion.Held{Tx: *tx.Hash(), From: from, Stemmed: i == 1, Until: start().Add(time.Duration(2-i) * time.Hour)})
		shelf.Put(held[i], raw(t, tx))
	}
	shelf.Put(dandelion.Held{Tx: chainhash.Hash{9}, Until: start()}, raw(t, tx)) // not its id
	shelf.Delete(chainhash.Hash{7})
	if err := shelf.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := view.Put(t.Context(), datastore.NewKey("garbage"), []byte("garbage")); err != nil {
		t.Fatal(err)
	}
	records, bad, err := NewShelf(view).Load(t.Context())
	if err != nil || bad != 2 || len(records) != 2 {
		t.Fatalf("%d records, %d bad, %v", len(records), bad, err)
	}
	for i, r := range records { // the first to end comes first
		want := held[1-i]
		if r.Held.Tx != want.Tx || r.Held.From != want.From || r.Held.Stemmed != want.Stemmed || !r.Held.Until.Equal(want.Until) {
			t.Errorf("%+v, want %+v", r.Held, want)
		}
		if err := p.Restore(start(), r.Tx, r.Held.From); err != nil {
			t.Error(err)
		}
		shelf.Delete(r.Held.Tx)
	}
	if err := shelf.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if records, bad, err := shelf.Load(t.Context()); err != nil || bad != 0 || len(records) != 0 {
		t.Errorf("%d records, %d bad, %v", len(records), bad, err)
	}
}

func raw(tb testing.TB, tx *btcutil.Tx) []byte {
	tb.Helper()
	b, err := btcutil.NewBlock(&wire.MsgBlock{Transactions: []*wire.MsgTx{tx.MsgTx()}}).Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	return b[81:] // after the header and the count
}

func FuzzDecode(f *testing.F) {
	tx := pay(1000, purse.Coin{Value: 5000})
	f.Add(encode(dandelion.Held{Tx: *tx.Hash(), From: "a peer", Stemmed: true, Until: start()}, raw(f, tx)))
	f.Add([]byte{1, 0, 0})
	f.Fuzz(func(t *testing.T, value []byte) {
		r, ok := decode(value)
		if !ok {
			return
		}
		if again, ok := decode(encode(r.Held, raw(t, r.Tx))); !ok || again.Held.Tx != r.Held.Tx || !again.Held.Until.Equal(r.Held.Until) || again.Held.From != r.Held.From {
			t.Errorf("%+v came out as %+v", r.Held, again.Held)
		}
	})
}

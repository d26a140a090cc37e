package txpool_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/pappus-network/pappus/internal/purse"
)

// Row T4: the cap is one of memory, so what the pool counts must be what it takes.
// Bounds: within a fifth for small transactions, of which a full pool is made, and
// for large ones, which are bytes and little else.
func TestMemoryIsCounted(t *testing.T) {
	for _, c := range []struct {
		name string
		n    int
		make func(b *bank, n int) []*btcutil.Tx
	}{
		{"one input, two outputs, signed", 4000, func(b *bank, n int) []*btcutil.Tx { return payments(t, b, n) }},
		{"twenty inputs", 300, func(b *bank, n int) []*btcutil.Tx {
			var all []*btcutil.Tx
			for len(all) < n {
				split := purse.Pay(purse.Payment{Fee: 1_000_000, Outputs: 2000}, b.coin())
				b.submit(t, split)
				b.mine(t, 1)
				for coins := purse.Coins(split); len(coins) >= 20 && len(all) < n; coins = coins[20:] {
					all = append(all, reread(t, purse.Pay(fee(10_000), coins[:20]...)))
				}
			}
			return all
		}},
		{"large", 100, func(b *bank, n int) []*btcutil.Tx {
			var all []*btcutil.Tx
			for _, c := range b.coins[:n] {
				all = append(all, reread(t, purse.Pay(purse.Payment{Fee: 100_000, Padding: 50_000}, c)))
			}
			return all
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, 120)
			raw := make([][]byte, 0, c.n)
			for _, tx := range c.make(b, c.n) {
				raw = append(raw, bytesOf(t, tx))
			}
			before := heap()
			for _, r := range raw {
				tx, err := btcutil.NewTxFromBytes(r)
				if err != nil {
					t.Fatal(err)
				}
				b.submit(t, tx)
			}
			taken, counted := heap()-before, b.pool.Info(b.now).Memory
			runtime.KeepAlive(raw)
			n := int64(len(raw))
			t.Logf("%d bytes serialized, %d taken, %d counted each", len(raw[0]), taken/n, counted/n)
			if ratio := float64(counted) / float64(taken); ratio < 0.8 || ratio > 1.2 {
				t.Errorf("%d bytes are taken, %d counted", taken, counted)
			}
		})
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // finalizers
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func bytesOf(tb testing.TB, tx *btcutil.Tx) []byte {
	tb.Helper()
	var raw bytes.Buffer
	if err := tx.MsgTx().Serialize(&raw); err != nil {
		tb.Fatal(err)
	}
	return raw.Bytes()
}

// reread makes a transaction as one that has come over the network.
func reread(tb testing.TB, tx *btcutil.Tx) *btcutil.Tx {
	tb.Helper()
	read, err := btcutil.NewTxFromBytes(bytesOf(tb, tx))
	if err != nil {
		tb.Fatal(err)
	}
	return read
}

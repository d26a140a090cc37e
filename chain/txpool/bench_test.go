package txpool_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/database"
	_ "github.com/btcsuite/btcd/database/ffldb" // the driver of the chain
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/internal/purse"
)

// signer pays from outputs that a key unlocks (P2WPKH), as most wallets do.
type signer struct {
	key    *btcec.PrivateKey
	script []byte
}

func newSigner(tb testing.TB) signer {
	tb.Helper()
	key, public := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{7}, 32))
	script, err := txscript.NewScriptBuilder().AddOp(txscript.OP_0).AddData(address.Hash160(public.SerializeCompressed())).Script()
	if err != nil {
		tb.Fatal(err)
	}
	return signer{key, script}
}

// lock moves a coin of anybody's to n outputs of the key.
func (s signer) lock(c purse.Coin, n int) *btcutil.Tx {
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(wire.NewTxIn(&c.Out, nil, nil))
	for range n {
		tx.AddTxOut(wire.NewTxOut((c.Value-1_000_000)/int64(n), s.script))
	}
	return btcutil.NewTx(tx)
}

// pay spends an output of the key to two others. The transaction has been read from
// bytes, as a peer's.
func (s signer) pay(tb testing.TB, from *btcutil.Tx, out int, fee int64) *btcutil.Tx {
	tb.Helper()
	value := from.MsgTx().TxOut[out].Value
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(from.Hash(), uint32(out)), nil, nil)) // outputs of one transaction
	tx.AddTxOut(wire.NewTxOut(value/2, s.script))
	tx.AddTxOut(wire.NewTxOut(value-value/2-fee, s.script))
	fetcher := txscript.NewCannedPrevOutputFetcher(s.script, value)
	witness, err := txscript.WitnessSignature(tx, txscript.NewTxSigHashes(tx, fetcher), 0, value, s.script, txscript.SigHashAll, s.key, true)
	if err != nil {
		tb.Fatal(err)
	}
	tx.TxIn[0].Witness = witness
	var raw bytes.Buffer
	if err := tx.Serialize(&raw); err != nil {
		tb.Fatal(err)
	}
	read, err := btcutil.NewTxFromBytes(raw.Bytes())
	if err != nil {
		tb.Fatal(err)
	}
	return read
}

// payments makes n valid transactions that spend confirmed outputs.
func payments(tb testing.TB, b *bank, n int) []*btcutil.Tx {
	tb.Helper()
	const outs = 2000
	s := newSigner(tb)
	var all []*btcutil.Tx
	for len(all) < n {
		tx := s.lock(b.coin(), outs)
		b.submit(tb, tx)
		b.mine(tb, 1)
		for i := range min(outs, n-len(all)) {
			all = append(all, s.pay(tb, tx, i, int64(1000+10*len(all))))
		}
	}
	return all
}

// plain is btcd's mempool on the blocks of another chain, with nothing of ours.
func plain(tb testing.TB, b *bank) *mempool.TxPool {
	tb.Helper()
	db, err := database.Create("ffldb", filepath.Join(tb.TempDir(), "plain"), chaincfg.RegressionNetParams.Net)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	params := chaincfg.RegressionNetParams
	sigs, hashes := txscript.NewSigCache(20_000), txscript.NewHashCache(20_000)
	c, err := blockchain.New(&blockchain.Config{
		DB: db, ChainParams: &params, TimeSource: blockchain.NewMedianTime(), SigCache: sigs, HashCache: hashes, UtxoCacheMaxSize: 64 << 20,
	})
	if err != nil {
		tb.Fatal(err)
	}
	for height := int32(1); height <= b.Tip().Height; height++ {
		hash, _ := b.BlockHash(height)
		if _, _, err := c.ProcessBlock(b.block(tb, hash), blockchain.BFNone); err != nil {
			tb.Fatal(err)
		}
	}
	return mempool.New(&mempool.Config{
		Policy: mempool.Policy{
			MaxTxVersion: 2, DisableRelayPriority: true, AcceptNonStd: true, MinRelayTxFee: 1000,
			MaxSigOpCostPerTx: blockchain.MaxBlockSigOpsCost / 4, MaxOrphanTxs: 100, MaxOrphanTxSize: 100_000,
		},
		ChainParams:    &params,
		FetchUtxoView:  c.FetchUtxoView,
		BestHeight:     func() int32 { return c.BestSnapshot().Height },
		MedianTimePast: func() time.Time { return c.BestSnapshot().MedianTime },
		CalcSequenceLock: func(tx *btcutil.Tx, view *blockchain.UtxoViewpoint) (*blockchain.SequenceLock, error) {
			return c.CalcSequenceLock(tx, view, true)
		},
		IsDeploymentActive: c.IsDeploymentActive,
		SigCache:           sigs,
		HashCache:          hashes,
	})
}

// BenchmarkSubmit tells what the pool costs above btcd's alone, in the same run: the
// transactions go to the two by turns, and the ratio of the times is reported. full
// has a pool at its cap, where each transaction evicts another.
func BenchmarkSubmit(b *testing.B) {
	for _, bb := range []struct {
		name string
		most int64
	}{{"empty", 300_000_000}, {"full", 500_000}} {
		b.Run(bb.name, func(b *testing.B) { benchmarkSubmit(b, bb.most) })
	}
}

func benchmarkSubmit(b *testing.B, most int64) {
	b.Helper()
	const n = 8000
	bank := open(b, 10, func(c *txpool.Config) { c.MaxBytes = most })
	all := payments(b, bank, n)
	other := plain(b, bank)
	var ours, theirs time.Duration
	i := 0
	for b.Loop() {
		if i == n {
			b.Fatal("out of transactions: lower -benchtime")
		}
		tx := all[i].MsgTx()
		for turn := range 2 {
			start := time.Now()
			if (turn+i)%2 == 0 {
				if _, err := other.ProcessTransaction(btcutil.NewTx(tx), true, false, 1); err != nil {
					b.Fatal(err)
				}
				theirs += time.Since(start)
			} else {
				if _, err := bank.pool.Submit(bank.now, btcutil.NewTx(tx), "peer"); err != nil {
					b.Fatal(err)
				}
				ours += time.Since(start)
			}
		}
		i++
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(i), "ns/submit")
	b.ReportMetric(float64(theirs.Nanoseconds())/float64(i), "ns/btcd")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
}

package stempool

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/purse"
)

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// coinValue is what each coin of a ledger is worth, in satoshi.
const coinValue = 1_000_000

// ledger stands in for the chain under a real mempool: outputs that are unspent.
type ledger struct {
	*txpool.Pool
	unspent map[wire.OutPoint]*wire.TxOut
	coins   []purse.Coin // that anybody may spend
	asked   int          // how often a validation has looked its inputs up
}

func newLedger(n int, adjust ...func(*txpool.Config)) *ledger {
	l := &ledger{unspent: make(map[wire.OutPoint]*wire.TxOut)}
	for i := range n {
		l.coins = append(l.coins, l.mint(uint32(i), purse.Anybody()))
	}
	cfg := txpool.DefaultConfig()
	for _, f := range adjust {
		f(&cfg)
	}
	l.Pool = txpool.New(cfg, mempool.Config{
		Policy:             mempool.Policy{MaxTxVersion: 2, DisableRelayPriority: true, AcceptNonStd: true, MaxSigOpCostPerTx: 20_000},
		ChainParams:        &chaincfg.RegressionNetParams,
		FetchUtxoView:      l.view,
		BestHeight:         func() int32 { return 200 },
		MedianTimePast:     start,
		IsDeploymentActive: func(uint32) (bool, error) { return true, nil },
		CalcSequenceLock: func(*btcutil.Tx, *blockchain.UtxoViewpoint) (*blockchain.SequenceLock, error) {
			return &blockchain.SequenceLock{Seconds: -1, BlockHeight: -1}, nil
		},
		SigCache: txscript.NewSigCache(1000), HashCache: txscript.NewHashCache(1000),
	})
	return l
}

// mint makes an unspent output.
func (l *ledger) mint(n uint32, script []byte) purse.Coin {
	c := purse.Coin{Out: wire.OutPoint{Hash: chainhash.Hash{1}, Index: n}, Value: coinValue}
	l.unspent[c.Out] = wire.NewTxOut(coinValue, script)
	return c
}

func (l *ledger) view(tx *btcutil.Tx) (*blockchain.UtxoViewpoint, error) {
	l.asked++
	view := blockchain.NewUtxoViewpoint()
	for _, in := range tx.MsgTx().TxIn {
		if out, ok := l.unspent[in.PreviousOutPoint]; ok {
			view.Entries()[in.PreviousOutPoint] = blockchain.NewUtxoEntry(out, 1, false)
		} else {
			view.Entries()[in.PreviousOutPoint] = nil
		}
	}
	return view, nil
}

func (l *ledger) stems(adjust ...func(*Config)) *Pool {
	cfg := DefaultConfig()
	for _, f := range adjust {
		f(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	return New(cfg, l.Pool, start())
}

func pay(fee int64, coins ...purse.Coin) *btcutil.Tx {
	return purse.Pay(purse.Payment{Fee: fee}, coins...)
}

// chain is n transactions, each of which spends the one before.
func chainOf(n int, c purse.Coin) []*btcutil.Tx {
	var all []*btcutil.Tx
	for range n {
		tx := pay(1000, c)
		all, c = append(all, tx), purse.Coins(tx)[0]
	}
	return all
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

func mustAdd(tb testing.TB, p *Pool, from peer.ID, txs ...*btcutil.Tx) {
	tb.Helper()
	for i, tx := range txs {
		if err := p.Add(start(), tx, from); err != nil {
			tb.Fatalf("transaction %d: %v", i, err)
		}
	}
}

func raw(tb testing.TB, tx *btcutil.Tx) []byte {
	tb.Helper()
	var w bytes.Buffer
	if err := tx.MsgTx().Serialize(&w); err != nil {
		tb.Fatal(err)
	}
	return w.Bytes()
}

// consistent fails the test unless the pool's sums and indexes agree with what it holds.
func consistent(tb testing.TB, p *Pool) {
	tb.Helper()
	count, size, holding, spends := 0, 0, 0, 0
	for from, e := range p.edges {
		sum := 0
		for hash, h := range e.txs {
			sum += h.size
			spends += len(h.tx.MsgTx().TxIn)
			if hash != *h.tx.Hash() || h.edge != e || !e.over.IsTransactionInPool(&hash) {
				tb.Fatalf("%v is not held as it should", hash)
			}
		}
		switch {
		case (len(e.txs) == 0) != (e.over == nil), e.over != nil && e.over.Count() != len(e.txs):
			tb.Fatalf("edge %q holds %d, and its overlay something else", from, len(e.txs))
		case len(e.txs) > 0:
			sum += edgeOverhead
		}
		if e.bytes != sum {
			tb.Fatalf("edge %q counts %d bytes, not %d", from, e.bytes, sum)
		}
		if count += len(e.txs); from != own {
			size += sum
			holding += min(1, len(e.txs))
		}
	}
	indexed := 0
	for _, all := range p.spends {
		indexed += len(all)
	}
	got := fmt.Sprint(p.count, p.bytes, p.holding, indexed)
	if want := fmt.Sprint(count, size, holding, spends); got != want {
		tb.Fatalf("counts %s, not %s", got, want)
	}
	if p.bytes+p.cfg.MaxBytes > p.cfg.Memory() {
		tb.Fatalf("%d bytes are above what the settings allow", p.bytes)
	}
}

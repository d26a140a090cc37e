package relaybench

import (
	"context"
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/protocols/objects"
	"github.com/pappus-network/pappus/relay"
	"github.com/pappus-network/pappus/relay/journal"
	"github.com/pappus-network/pappus/relay/stempool"
	"github.com/pappus-network/pappus/store"
)

// load is how many signed transactions are validated in one run.
const load = 1000

// signed is a chain with spendable coins, and transactions that spend one each.
func signed(b *testing.B) (*chain.Chain, []*btcutil.Tx) {
	b.Helper()
	params := &chaincfg.SimNetParams
	builder := chaingen.NewBuilder(params, 1)
	builder.Extend(load + 110) // a coin a block, ripe after a hundred
	c, err := chain.Open(chain.DefaultConfig(filepath.Join(b.TempDir(), "chain")), params, store.OpenMemory().View("headers"), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	for _, block := range builder.Chain() {
		if err := c.Accept(block); err != nil {
			b.Fatal(err)
		}
	}
	var txs []*btcutil.Tx
	for _, tx := range builder.Spend(load) {
		txs = append(txs, btcutil.NewTx(tx))
	}
	return c, txs
}

// used is the processor time of this process.
func used(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// carrier takes what the relay hands on and tells when it is published.
type carrier struct{ published chan chainhash.Hash }

func (carrier) Inventory(peer.ID, []chainhash.Hash) {}
func (c carrier) PublishTx(_ context.Context, tx *btcutil.Tx, _ peer.ID) error {
	c.published <- *tx.Hash()
	return nil
}
func (carrier) Send(peer.ID, []byte, func(error))                          {}
func (carrier) Mempool(context.Context, peer.ID) ([]chainhash.Hash, error) { return nil, nil }

// BenchmarkStemToFluff hands signed transactions to a relay over eight stem edges,
// each of which ends here, and waits until all are in the mempool and published. The
// baseline is btcd's mempool taking the same transactions, in the same run.
func BenchmarkStemToFluff(b *testing.B) {
	var relayed, accepted, elapsed time.Duration
	for b.Loop() {
		c, txs := signed(b)
		alone := c.Mempool().Overlay() // btcd's mempool on the same chain
		before := used(b)
		for _, tx := range txs {
			if _, err := alone.ProcessTransaction(btcutil.NewTx(tx.MsgTx()), false, false, 0); err != nil {
				b.Fatal(err)
			}
		}
		accepted += used(b) - before

		c, txs = signed(b) // a new chain has a new cache of signatures
		out := carrier{make(chan chainhash.Hash, load)}
		own, _, err := journal.Open(b.Context(), store.OpenMemory().View("journal"))
		if err != nil {
			b.Fatal(err)
		}
		cfg := relay.DefaultConfig()
		cfg.Dandelion.FluffChance = 1 // every stem ends here
		cfg.Stempool.Count, cfg.Stempool.Bytes, cfg.Stempool.Checks = boundless(), boundless(), boundless()
		r, err := relay.New(cfg, relay.Parts{
			Pool: c.Mempool(), Shelf: stempool.NewShelf(store.OpenMemory().View("stempool")), Journal: own, Announce: out, Stem: out, Gossip: out,
			Objects: objects.NewClient(nil, &chaincfg.SimNetParams), Mempools: out, Charge: func(peer.ID, error) {}, Emit: func(events.Event) {},
			Log: slog.New(slog.DiscardHandler), Src: source{},
		})
		if err != nil {
			b.Fatal(err)
		}
		ctx, stop := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		before = used(b)
		begun := time.Now()
		for i, tx := range txs {
			if err := r.Stemmed(ctx, peer.ID(rune('a'+i%8)), btcutil.NewTx(tx.MsgTx())); err != nil { // eight edges
				b.Fatal(err)
			}
		}
		for range txs {
			<-out.published
		}
		elapsed += time.Since(begun)
		relayed += used(b) - before
		stop()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	n := float64(load * b.N)
	b.ReportMetric(n/elapsed.Seconds(), "tx/s")
	b.ReportMetric(float64(relayed.Microseconds())/n, "relay-µs/tx")
	b.ReportMetric(float64(accepted.Microseconds())/n, "btcd-µs/tx")
	b.ReportMetric(relayed.Seconds()/accepted.Seconds(), "relay/btcd")
}

// boundless is a budget that is never used up: what is measured is the work.
func boundless() stempool.Rate { return stempool.Rate{PerSecond: 1e9, Burst: 1e9, First: 1e9} }

// source is a fixed one: nothing here depends on chance.
type source struct{}

func (source) Uint64() uint64 { return 42 }

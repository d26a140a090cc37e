package relaybench

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/pappus-network/pappus/internal/purse"
	"github.com/pappus-network/pappus/internal/testnet"
	"github.com/pappus-network/pappus/node"
	"github.com/pappus-network/pappus/relay"
)

// `make sim-real` has 1,000 nodes and 10 transactions, a process for each mechanism.
var (
	many       = flag.Int("many", 50, "how many nodes on pipes")
	manyTxs    = flag.Int("manytxs", 5, "how many transactions of each mechanism over them")
	mechanisms = flag.String("mechanisms", "dandelion", "how transactions spread over them, with commas")
)

const (
	// interval is from one transaction to the next.
	interval = time.Second
	// idle is how long it is measured what the nodes send without a transaction.
	idle = 10 * time.Second
	// patience is how long the last transaction may take: embargoes have a mean of 17 s.
	patience = 10 * time.Minute
)

// TestRealNodes spreads transactions over a network of many whole nodes on pipes, and
// prints how long they took and what the run cost. All of a transaction's times, from
// when it was handed in, are looked at together: the quantiles are over transactions
// and nodes, as the simulator has them.
func TestRealNodes(t *testing.T) {
	for kind := range strings.SplitSeq(*mechanisms, ",") {
		t.Run(kind, func(t *testing.T) {
			begun, before := time.Now(), usage(t)
			var r outcome
			testnet.RunNetwork(t, testnet.Plan{
				Nodes: *many, Outbound: testnet.Outbound, Coins: *manyTxs, Seed: 1,
				Adjust: func(cfg *node.Config) { cfg.Broadcast, cfg.Rotate = kind, 0 },
			}, func(t *testing.T, net *testnet.Network) { r = spreadOver(t, net) })
			after := usage(t)
			fmt.Printf("%-10s %5d nodes %3d txs  t50 %.3f s  t90 %.3f s  t99 %.3f s  max %.3f s  from the first node on: t50 %.3f s  t90 %.3f s  t99 %.3f s"+
				"  %.0f bytes a transaction and node  %.1f s, %.1f s of CPU, %d MiB at most, %d goroutines a node\n",
				kind, *many, *manyTxs, testnet.Quantile(r.times, 0.5).Seconds(), testnet.Quantile(r.times, 0.9).Seconds(), testnet.Quantile(r.times, 0.99).Seconds(),
				testnet.Quantile(r.times, 1).Seconds(), testnet.Quantile(r.spread, 0.5).Seconds(), testnet.Quantile(r.spread, 0.9).Seconds(),
				testnet.Quantile(r.spread, 0.99).Seconds(), r.bytes, time.Since(begun).Seconds(), (after.cpu - before.cpu).Seconds(), after.peak>>20, r.goroutines / *many)
			if kind == string(relay.Gossip) && testnet.Quantile(r.times, 1) > 2*time.Second {
				t.Errorf("gossip takes %v to the last node", testnet.Quantile(r.times, 1))
			}
		})
	}
}

// outcome is what one mechanism did.
type outcome struct {
	times      []time.Duration // from handing in
	spread     []time.Duration // from the first node that had it in its mempool
	bytes      float64         // of streams, a transaction and node, beside what is sent anyway
	goroutines int
}

func spreadOver(t *testing.T, net *testnet.Network) (r outcome) {
	t.Helper()
	r.goroutines = runtime.NumGoroutine()
	watch := testnet.NewWatch(net.Nodes, testnet.AcceptedTxs)
	defer watch.Stop()
	from := net.Sent()
	time.Sleep(idle)
	anyway := float64(net.Sent()-from) / idle.Seconds()
	begun := time.Now()
	from = net.Sent()
	var txs []*btcutil.Tx
	var handed []time.Time
	for i := range *manyTxs {
		tx := purse.Pay(purse.Payment{Fee: 1000}, net.Coins[i])
		txs, handed = append(txs, tx), append(handed, time.Now())
		if err := net.Nodes[net.Rng.IntN(len(net.Nodes))].Submit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(interval)
	}
	for i, tx := range txs {
		if !watch.Await(*tx.Hash(), patience) {
			t.Fatalf("transaction %d has reached %d of %d nodes", i, len(watch.Since(handed[i], *tx.Hash())), len(net.Nodes))
		}
		times := watch.Since(handed[i], *tx.Hash())
		r.times = append(r.times, times...)
		for _, at := range times {
			r.spread = append(r.spread, at-times[0])
		}
	}
	time.Sleep(idle) // what gossip and the others send after it
	sent := float64(net.Sent()-from) - anyway*time.Since(begun).Seconds()
	r.bytes = sent / float64(len(txs)*len(net.Nodes))
	slices.Sort(r.times)
	slices.Sort(r.spread)
	return r
}

// cost is what this process has used.
type cost struct {
	cpu  time.Duration
	peak int64 // bytes resident at most
}

func usage(tb testing.TB) cost {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return cost{time.Duration(u.Utime.Nano() + u.Stime.Nano()), u.Maxrss << 10} // Linux counts KiB
}

package sim

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/sim/graph"
)

// p2p returns a graph on which each node dials eight others.
func p2p(tb testing.TB, n int, seed uint64) *graph.Graph {
	tb.Helper()
	g, err := graph.KOut(n, 8, rand.New(rand.NewPCG(seed, 1)))
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func run(tb testing.TB, cfg Config, g *graph.Graph) *Result {
	tb.Helper()
	n, err := New(cfg, g)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := n.Run(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// few is a load of a few transactions from anywhere.
func few(count int) Load {
	l := DefaultConfig().Load
	l.Count = count
	return l
}

var mechanisms = []Mechanism{Flood, Diffusion, Gossip, Trickle, Dandelion}

func TestEveryMechanismReachesEverybody(t *testing.T) {
	g := p2p(t, 300, 1)
	for _, m := range mechanisms {
		for _, fluff := range []Mechanism{Gossip, Diffusion, Flood, Trickle} {
			if m != Dandelion && fluff != Gossip {
				continue
			}
			cfg := DefaultConfig()
			cfg.Mechanism, cfg.Fluff, cfg.Load = m, fluff, few(10)
			for i, tx := range run(t, cfg, g).Txs {
				if tx.Reached != 300 || tx.Last == Never {
					t.Errorf("%s, %s: transaction %d reached %d nodes of 300", m, fluff, i, tx.Reached)
				}
				if tx.T50 > tx.T90 || tx.T90 > tx.T99 || tx.T99 > tx.Last {
					t.Errorf("%s, %s: quantiles %v, %v, %v, %v do not ascend", m, fluff, tx.T50, tx.T90, tx.T99, tx.Last)
				}
				if (tx.Fluffed == Never) != (m != Dandelion) {
					t.Errorf("%s, %s: fluffed after %v", m, fluff, tx.Fluffed)
				}
			}
		}
	}
}

// One seed is one run, to the last event; another seed is another one.
func TestOneSeedIsOneTrace(t *testing.T) {
	g := p2p(t, 200, 1)
	for _, m := range mechanisms {
		cfg := DefaultConfig()
		cfg.Mechanism, cfg.Fluff, cfg.Load, cfg.Seed = m, Diffusion, few(5), 1
		cfg.Links.Jitter, cfg.Links.Loss = 10*time.Millisecond, 0.01
		cfg.Faults = Faults{Up: time.Minute, Down: 10 * time.Second, Reconcile: 15 * time.Second}
		first, second := run(t, cfg, g), run(t, cfg, g)
		if first.Trace != second.Trace || first.Events != second.Events {
			t.Errorf("%s: traces %x and %x of one seed", m, first.Trace, second.Trace)
		}
		cfg.Seed = 2
		if other := run(t, cfg, g); other.Trace == first.Trace {
			t.Errorf("%s: two seeds have one trace", m)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	n, err := New(DefaultConfig(), p2p(t, 500, 1))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("run ended with %v, want the context's error", err)
	}
}

// Stems end with probability q at each node: on a graph so large that loops are
// rare, a stem takes 1/q hops, geometrically distributed with a standard deviation
// of sqrt(1−q)/q. The bound is four standard errors; a loop in a hundred stems
// shortens the mean by less than one.
func TestStemsAreAsLongAsTheirChanceSays(t *testing.T) {
	const txs, q = 400, 0.2
	cfg := DefaultConfig()
	cfg.Dandelion.FluffChance, cfg.Dandelion.Diffusing = q, dandelion.PerHop
	cfg.Dandelion.Embargo = time.Hour
	cfg.Load = few(txs)
	cfg.Load.Settle, cfg.Mesh.Lazy = 0, 0
	hops := 0.0
	for _, tx := range run(t, cfg, p2p(t, 3000, 1)).Txs {
		hops += float64(tx.Hops) / txs
	}
	bound := 4*math.Sqrt(1-q)/q/math.Sqrt(txs) + 0.05
	if math.Abs(hops-1/q) > bound {
		t.Errorf("stems took %.2f hops, want %.2f ± %.2f", hops, 1/q, bound)
	}
}

// A node never fluffs a transaction of its own but because its embargo ended or
// because it has nobody to stem to (monero #8627).
func TestSourcesFluffForNoReasonOfTheirOwn(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Load = few(300)
	own := 0
	for _, tx := range run(t, cfg, p2p(t, 200, 1)).Txs {
		if tx.FluffedBy != tx.Source {
			continue
		}
		own++
		if tx.Cause == dandelion.Diffuser || tx.Cause == dandelion.Chosen {
			t.Errorf("the source fluffed by cause %v", tx.Cause)
		}
	}
	if own == 0 {
		t.Log("no source fluffed in 300 transactions")
	}
}

// With black holes transactions wait for an embargo, and all arrive.
func TestBlackHolesCostTimeAndNothingElse(t *testing.T) {
	g := p2p(t, 200, 1)
	cfg := DefaultConfig()
	cfg.Load = few(60)
	open := run(t, cfg, g)
	cfg.Faults.BlackHoles = 0.3
	r := run(t, cfg, g)
	embargoes := 0
	for i, tx := range r.Txs {
		if tx.Reached != 200 {
			t.Errorf("transaction %d reached %d of 200", i, tx.Reached)
		}
		if tx.Cause == dandelion.Embargo {
			embargoes++
		}
	}
	// A stem of ten hops meets one of 30 % with probability 0.97.
	if embargoes < 40 {
		t.Errorf("%d of 60 transactions waited for an embargo, want most", embargoes)
	}
	if median(r.Txs) < 2*median(open.Txs) {
		t.Errorf("t50 is %v with black holes and %v without", median(r.Txs), median(open.Txs))
	}
}

func median(txs []Tx) time.Duration {
	var all []time.Duration
	for _, tx := range txs {
		all = append(all, tx.T50)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// While a network is split nothing crosses, and when it is whole again everything
// comes, by the questions that nodes ask.
func TestSplitNetworkBecomesConsistentAgain(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Mechanism = Gossip
	cfg.Load = few(5)
	cfg.Faults = Faults{SplitAt: 0, HealAt: 2 * time.Minute, Reconcile: 15 * time.Second}
	for i, tx := range run(t, cfg, p2p(t, 100, 1)).Txs {
		if heals := cfg.Faults.HealAt - tx.At; tx.T99 < heals {
			t.Errorf("transaction %d was everywhere after %v, while the network was split", i, tx.T99)
		} else if tx.Last == Never || tx.Last-heals > 5*time.Minute {
			t.Errorf("transaction %d: everybody had it after %v, the network was whole after %v", i, tx.Last, heals)
		}
	}
}

func TestSurvivorsOfACrashGoOn(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Load = few(20)
	cfg.Load.Interval = 10 * time.Second
	cfg.Faults = Faults{Crashed: 0.5, CrashAt: time.Minute, Reconcile: 15 * time.Second}
	reached := 0
	for _, tx := range run(t, cfg, p2p(t, 200, 1)).Txs {
		if tx.Reached == 100 {
			reached++
		}
	}
	// A transaction of a node that crashes may crash with it, if its stem has not
	// left; and submitters may be gone.
	if reached < 12 {
		t.Errorf("%d of 20 transactions reached all 100 survivors", reached)
	}
}

func TestChurnLosesNothing(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Load = few(20)
	cfg.Faults = Faults{Up: 5 * time.Minute, Down: 30 * time.Second, Reconcile: 15 * time.Second}
	for i, tx := range run(t, cfg, p2p(t, 200, 1)).Txs {
		// A node that is away when it is to send sends nothing.
		if tx.Reached > 0 && tx.Reached < 200 {
			t.Errorf("transaction %d reached %d of 200", i, tx.Reached)
		}
	}
}

// Lost announcements are made up for by other peers, lost stems by embargoes.
func TestLossIsSurvived(t *testing.T) {
	for _, m := range []Mechanism{Diffusion, Gossip, Dandelion} {
		cfg := DefaultConfig()
		cfg.Mechanism = m
		cfg.Load = few(20)
		cfg.Links.Loss = 0.1
		cfg.Faults.Reconcile = 15 * time.Second
		for i, tx := range run(t, cfg, p2p(t, 200, 1)).Txs {
			if tx.Reached != 200 {
				t.Errorf("%s: transaction %d reached %d of 200", m, i, tx.Reached)
			}
		}
	}
}

func TestLinksRotateWithoutLoss(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Load = few(40)
	cfg.Load.Interval = 30 * time.Second
	cfg.Faults.Rotation.Mean, cfg.Faults.Rotation.Give = time.Minute, 30*time.Second
	cfg.Faults.Reconcile = 15 * time.Second
	g := p2p(t, 100, 1)
	n, err := New(cfg, g)
	if err != nil {
		t.Fatal(err)
	}
	r, err := n.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	for v, links := range n.links {
		dialled := 0
		for _, l := range links {
			if l.dialled {
				dialled++
				if !slices.Contains(g.Out(v), l.peer) {
					moved++
				}
			}
			if i, ok := find(n.links[l.peer], int32(v)); !ok || n.links[l.peer][i].delay != l.delay { // few nodes
				t.Fatalf("the link from %d to %d has one end", v, l.peer)
			}
		}
		if dialled < 8 {
			t.Errorf("node %d has %d outbound links", v, dialled)
		}
	}
	if moved == 0 {
		t.Error("no link has rotated")
	}
	for i, tx := range r.Txs {
		if tx.Reached != 100 {
			t.Errorf("transaction %d reached %d of 100", i, tx.Reached)
		}
	}
}

func TestDelaysWithoutABoundAreLonger(t *testing.T) {
	g := p2p(t, 200, 1)
	timing := func(kind Timing) time.Duration {
		cfg := DefaultConfig()
		cfg.Mechanism = Gossip
		cfg.Links.Timing, cfg.Links.Stable = kind, 20*time.Second
		cfg.Load = few(40)
		return median(run(t, cfg, g).Txs)
	}
	bounded, partly, free := timing(Synchronous), timing(Partial), timing(Asynchronous)
	if bounded >= partly || partly >= free {
		t.Errorf("t50 is %v synchronous, %v partially, %v asynchronous: want them to ascend", bounded, partly, free)
	}
}

func TestSlowNodesAndNarrowLinksCostTime(t *testing.T) {
	g := p2p(t, 200, 1)
	base := DefaultConfig()
	base.Mechanism, base.Load = Gossip, few(20)
	plain := median(run(t, base, g).Txs)
	slow := base
	slow.Faults.Slow, slow.Faults.SlowBy = 0.8, time.Second
	narrow := base
	narrow.Links.Bandwidth, narrow.Load.Bytes = 100_000, 50_000
	checked := base
	checked.Links.Validation = 200 * time.Millisecond
	for name, cfg := range map[string]Config{"slow nodes": slow, "narrow links": narrow, "validation": checked} {
		if got := median(run(t, cfg, g).Txs); got < 2*plain {
			t.Errorf("%s: t50 is %v, without %v", name, got, plain)
		}
	}
}

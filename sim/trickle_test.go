package sim

import (
	"math"
	"testing"
	"time"

	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/spy"
)

// Trickle on the infinite d-regular tree, a supernode with one connection to each
// node: how often the first timestamp names the source, ties shared. The values are
// derived, by 200,000 trials of a program of its own; for d = 2 they follow from the
// first three slots by hand: 1/3·1 + 1/3·(1/2 + 1/4) + 1/3·1/2·.354 = .642. The bound
// is four standard errors of 5,000 transactions.
func TestTrickleOnTreesIsExact(t *testing.T) {
	const txs = 5000
	for d, want := range map[int]float64{2: .643, 3: .561, 4: .496} {
		g, err := graph.Tree(3000, d)
		if err != nil {
			t.Fatal(err)
		}
		cfg := DefaultConfig()
		cfg.Mechanism, cfg.Push, cfg.Seed = Trickle, true, 5
		cfg.Links = Links{Timing: Synchronous}
		cfg.Flooding.Delay = time.Second
		cfg.Adversary = Adversary{Kind: Supernode, Theta: 1}
		cfg.Load = Load{Rounds: txs, Source: Random, Count: 1, Limit: time.Hour, FirstSighting: true}
		n, err := New(cfg, g)
		if err != nil {
			t.Fatal(err)
		}
		n.honest = []int32{0} // the root: leaves are not d-regular
		r, err := n.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		hits := 0.0
		for _, tx := range r.Txs {
			for _, guess := range spy.FirstTimestamp(tx.Sightings) {
				if guess.Node == tx.Source {
					hits += guess.Weight
				}
			}
		}
		got, bound := hits/txs, 4*math.Sqrt(want*(1-want)/txs)
		if math.Abs(got-want) > bound {
			t.Errorf("d = %d: the source is named in %.3f of cases, want %.3f ± %.3f", d, got, want, bound)
		}
	}
}

// Who claims peers tells nobody whom another has told or will tell: every node but the
// source is told once. Without claims two that hear in the same slot may tell the same.
func TestClaimedPeersAreToldOnce(t *testing.T) {
	const size, txs = 200, 20
	g := p2p(t, size, 1)
	told := func(claims bool) uint64 {
		cfg := DefaultConfig()
		cfg.Mechanism, cfg.Push, cfg.Claims, cfg.Seed = Trickle, true, claims, 5
		cfg.Links = Links{Timing: Synchronous}
		cfg.Flooding.Delay = time.Second
		cfg.Load = Load{Rounds: 1, Source: Random, Count: txs, Interval: time.Minute, Limit: time.Hour, Settle: time.Minute}
		r := run(t, cfg, g)
		for i, tx := range r.Txs {
			if tx.Reached != size {
				t.Errorf("claims %v: transaction %d reached %d of %d nodes", claims, i, tx.Reached, size)
			}
		}
		return r.Cost.Announced.Items
	}
	if got := told(true); got != txs*(size-1) {
		t.Errorf("with claims %d nodes are told, want %d", got, txs*(size-1))
	}
	if got := told(false); got <= txs*(size-1) {
		t.Errorf("without claims %d nodes are told: nobody is told twice", got)
	}
}

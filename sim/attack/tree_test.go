package attack

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
)

// listened is a network on a tree to which a supernode listens.
func listened(m sim.Mechanism, txs int) sim.Config {
	cfg := sim.DefaultConfig()
	cfg.Mechanism, cfg.Push, cfg.Exclusive = m, true, true
	cfg.Links = sim.Links{Timing: sim.Synchronous}
	cfg.Flooding.Delay = time.Second
	cfg.Diffusion.Outbound, cfg.Diffusion.Inbound = time.Second, time.Second
	cfg.Adversary = sim.Adversary{Kind: sim.Supernode, Theta: 1}
	// As many rounds of one transaction: no two wait for one timer.
	cfg.Load = sim.Load{Rounds: txs, Source: sim.Random, Count: 1, Limit: time.Hour, Settle: time.Minute}
	return cfg
}

// hits is how often a plan finds the source.
func hits(t *testing.T, plan Plan, g *graph.Graph, r *sim.Result) float64 {
	t.Helper()
	found, err := plan.Run(g, r, rand.New(rand.NewPCG(1, 78)))
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range found {
		sum += score.Recall(f.Claims)
	}
	return sum / float64(len(found))
}

// TestTrickleLikelihoodBeatsFirst: whoever knows the tree and the slots does better than who
// takes the first to report, of the same 600 transactions. Leaves are sources, too, and found
// by both: what differs is a few per cent, of which half is asked for.
func TestTrickleLikelihoodBeatsFirst(t *testing.T) {
	g, err := graph.Tree(150, 4)
	if err != nil {
		t.Fatal(err)
	}
	r := play(t, listened(sim.Trickle, 600), g)
	first := hits(t, Plan{Method: FirstTimestamp}, g, r)
	likely := hits(t, Plan{Method: Trickle, Slot: time.Second, Theta: 1}, g, r)
	t.Logf("first-timestamp %.3f, likelihood %.3f", first, likely)
	if likely < first+.02 {
		t.Errorf("first-timestamp finds %.3f, the likelihood %.3f", first, likely)
	}
}

// TestCentresOnATree: most nodes of a tree are leaves, and no leaf is a centre for long. Early
// on a centre is still near the source.
func TestCentresOnATree(t *testing.T) {
	g, err := graph.Tree(400, 4)
	if err != nil {
		t.Fatal(err)
	}
	r := play(t, listened(sim.Diffusion, 200), g)
	for _, m := range []Method{ReportingCentre, RumourCentre} {
		early := hits(t, Plan{Method: m, Until: time.Second}, g, r)
		late := hits(t, Plan{Method: m, Until: time.Minute}, g, r)
		t.Logf("%s: after 1 s %.3f, after 1 min %.3f", m, early, late)
		if early < .1 || late > .05 {
			t.Errorf("%s finds %.3f after 1 s, %.3f after 1 min", m, early, late)
		}
	}
	if _, err := (Plan{Method: RumourCentre}).Run(g, r, nil); !errors.Is(err, ErrPlan) {
		t.Errorf("no time: %v", err)
	}
}

// TestFirstTimestampWhereNothingCloses is diffusion's closed form on trees, on a random
// regular graph so large that hardly a cycle closes before the supernode hears: four
// standard errors.
func TestFirstTimestampWhereNothingCloses(t *testing.T) {
	txs := 4000
	if testing.Short() {
		txs = 1000
	}
	for _, d := range []int{3, 4, 8} {
		g, err := graph.Regular(5000, d, rand.New(rand.NewPCG(1, 79)))
		if err != nil {
			t.Fatal(err)
		}
		cfg := listened(sim.Diffusion, txs)
		cfg.Adversary.Keep, cfg.Load.FirstSighting, cfg.Load.Settle = 1, true, 0
		got := hits(t, Plan{Method: FirstTimestamp}, g, play(t, cfg, g))
		want, err := score.TreeFirstTimestamp(d, 1)
		if err != nil {
			t.Fatal(err)
		}
		within := 4 * math.Sqrt(want*(1-want)/float64(txs))
		t.Logf("d = %d: %.3f, exact %.3f", d, got, want)
		if math.Abs(got-want) > within {
			t.Errorf("d = %d: right in %.3f, want %.3f ± %.3f", d, got, want, within)
		}
	}
}

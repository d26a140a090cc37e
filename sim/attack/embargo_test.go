package attack

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/spy"
)

// TestEmbargoHidesTheSource: what black holes swallow is made public by its source no more
// often than exponential embargoes say, four standard errors, and 2 % for loops. If embargoes
// were all as long, it would be the source each time, and this fails.
func TestEmbargoHidesTheSource(t *testing.T) {
	const hop = 175 * time.Millisecond
	txs := 400
	if testing.Short() {
		txs = 200
	}
	g, err := graph.KOut(400, 8, rand.New(rand.NewPCG(1, 80)))
	if err != nil {
		t.Fatal(err)
	}
	for _, holes := range []float64{.1, .3} {
		cfg := sim.DefaultConfig()
		cfg.Links = sim.Links{Median: hop, Timing: sim.Synchronous}
		cfg.Dandelion.FluffChance = 0
		cfg.Faults.BlackHoles = holes
		cfg.Load.Count, cfg.Load.Settle = txs, 0
		own, all := 0.0, 0.0
		for _, tx := range play(t, cfg, g).Txs {
			if tx.FluffedBy >= 0 {
				all++
			}
			if tx.FluffedBy == tx.Source {
				own++
			}
		}
		got, want := own/all, spy.SourceFires(holes, hop, cfg.Dandelion.Embargo)
		within := 4*math.Sqrt(want*(1-want)/all) + .02
		t.Logf("%.0f %% black holes: the source makes %.3f public, expected %.3f", holes*100, got, want)
		if math.Abs(got-want) > within || int(all) != txs {
			t.Errorf("%.0f %% black holes: the source makes %.3f of %.0f public, want %.3f ± %.3f", holes*100, got, all, want, within)
		}
	}
}

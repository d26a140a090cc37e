package study

import (
	"math"
	"time"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
)

// measure makes a run's metrics. What cannot be measured is not a finite number, or
// not there.
func measure(set Settings, g *graph.Graph, r *sim.Result, seed uint64) (map[string]float64, error) {
	m := map[string]float64{}
	measureStems(m, r)
	measureLatency(m, r)
	measureFairness(m, r)
	measureCost(m, r)
	if set.Sim.Adversary.Kind == sim.NoAdversary {
		return m, nil
	}
	return m, measureAnonymity(m, set, g, r, seed)
}

// guessStream keeps the chance that decides between equal guesses apart from the
// network's.
const guessStream = 0x6775657373 // "guess"

func measureStems(m map[string]float64, r *sim.Result) {
	var hops, fluffed, embargoed, looped, own float64
	for i := range r.Txs {
		t := &r.Txs[i]
		hops += float64(t.Hops)
		if t.FluffedBy < 0 {
			continue
		}
		fluffed++
		switch t.Cause {
		case dandelion.Embargo:
			embargoed++
		case dandelion.Loop:
			looped++
		default:
		}
		if t.FluffedBy == t.Source {
			own++
		}
	}
	m["stem_hops"], m["looped"] = hops/float64(len(r.Txs)), looped/float64(len(r.Txs))
	m["embargoed"], m["origin_fluffed"] = embargoed/fluffed, own/fluffed
}

func measureLatency(m map[string]float64, r *sim.Result) {
	var reached, everywhere float64
	for i := range r.Txs {
		reached += float64(r.Txs[i].Reached) / float64(r.Nodes)
		if r.Txs[i].Last != sim.Never {
			everywhere++
		}
	}
	n := float64(len(r.Txs))
	m["reached"], m["everywhere"] = reached/n, everywhere/n
	m["t50"] = quantile(r.Txs, 0.5, func(t *sim.Tx) time.Duration { return t.T50 })
	m["t50_p95"] = quantile(r.Txs, 0.95, func(t *sim.Tx) time.Duration { return t.T50 })
	m["t90"] = quantile(r.Txs, 0.5, func(t *sim.Tx) time.Duration { return t.T90 })
	m["t99"] = quantile(r.Txs, 0.5, func(t *sim.Tx) time.Duration { return t.T99 })
	m["t100"] = quantile(r.Txs, 0.5, func(t *sim.Tx) time.Duration { return t.Last })
	m["stem_time"] = quantile(r.Txs, 0.5, func(t *sim.Tx) time.Duration { return t.Fluffed })
}

// quantile is a quantile over transactions of a time, in seconds: infinite if so few
// transactions have one.
func quantile(txs []sim.Tx, q float64, of func(*sim.Tx) time.Duration) float64 {
	times := make([]float64, len(txs))
	for i := range txs {
		times[i] = math.Inf(1)
		if t := of(&txs[i]); t != sim.Never {
			times[i] = t.Seconds()
		}
	}
	return score.Quantile(times, q)
}

func measureFairness(m map[string]float64, r *sim.Result) {
	latencies := make([]score.Latency, len(r.Txs))
	var arrivals []time.Duration
	for i := range r.Txs {
		t := &r.Txs[i]
		latencies[i] = score.Latency{First: max(t.Fluffed, 0), T50: t.T50, T90: t.T90, T99: t.T99, Max: t.Last}
		if t.Last != sim.Never {
			arrivals = append(arrivals, meanArrival(latencies[i]))
		}
	}
	f := score.FairnessOf(r.Ranks, latencies)
	m["gini"], m["jain"], m["sources"] = f.Gini, f.Jain, f.Sources
	if f.Front != score.Never {
		m["front"] = f.Front.Seconds()
	}
	m["disorder"] = score.MeanOrder(r.Orders).Disorder
	m["stale"] = score.StaleRate(arrivals, score.BlockInterval)
}

// meanArrival is the mean time of arrival over nodes, if between the quantiles that
// are known as many arrive in any second.
func meanArrival(l score.Latency) time.Duration {
	middle := func(a, b time.Duration) float64 { return float64(a+b) / 2 }
	return time.Duration(0.5*middle(l.First, l.T50) + 0.4*middle(l.T50, l.T90) + 0.09*middle(l.T90, l.T99) + 0.01*middle(l.T99, l.Max))
}

func measureCost(m map[string]float64, r *sim.Result) {
	reached := 0
	for i := range r.Txs {
		reached += r.Txs[i].Reached
	}
	c := r.Cost
	red := score.RedundancyOf(c.Sent.Items+c.Pushed.Items+c.Stems.Items, c.Bytes(), uint64(reached)) // a sum of counts
	m["copies"], m["bytes"] = red.Copies, red.Bytes
	m["messages"] = float64(c.Stems.Messages+c.Announced.Messages+c.Asked.Messages+c.Sent.Messages+c.Pushed.Messages+c.Lazy.Messages) / float64(reached)
	m["events"] = float64(r.Events) / float64(reached)
}

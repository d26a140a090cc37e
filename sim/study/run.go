package study

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/pappus-network/pappus/sim"
)

// Run makes one run, in the calling goroutine.
func (s *Scenario) Run(ctx context.Context, job Job) (Run, error) {
	seed := s.SeedOf(job.Point, job.Replica)
	begin := time.Now()
	result, metrics, err := s.play(ctx, job.Point.Settings, seed, -1)
	if err != nil {
		return Run{}, fmt.Errorf("run %s, replica %d: %w", s.Label(job.Point), job.Replica, err)
	}
	took := time.Since(begin).Seconds()
	metrics["seconds"] = took
	metrics["events_per_second"] = float64(result.Events) / took
	metrics["microseconds"] = 1e6 * took / float64(result.Events)
	for name, v := range metrics {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			delete(metrics, name) // it was not measured
		}
	}
	return Run{
		Point: job.Point.ID, Replica: job.Replica, Seed: seed, Metrics: metrics,
		Events: result.Events, Trace: fmt.Sprintf("%016x", result.Trace), Seconds: took,
	}, nil
}

// play makes the graph of a seed, and plays on it; watch is the transaction whose
// steps are kept, -1 for none.
func (s *Scenario) play(ctx context.Context, set Settings, seed uint64, watch int) (*sim.Result, map[string]float64, error) {
	g, err := set.Graph.make(s.dir, rand.New(rand.NewPCG(seed, graphStream)))
	if err != nil {
		return nil, nil, err
	}
	cfg := set.Sim
	cfg.Seed, cfg.Watch = seed, watch
	network, err := sim.New(cfg, g)
	if err != nil {
		return nil, nil, err
	}
	result, err := network.Run(ctx)
	if err != nil {
		return nil, nil, err
	}
	metrics, err := measure(set, g, result, seed)
	return result, metrics, err
}

// graphStream keeps the graph's chance apart from the network's, which begins with
// the same seed.
const graphStream = 0x6772617068 // "graph"

// Replay plays the run of a seed again and returns what happened to one of its
// transactions.
func (s *Scenario) Replay(ctx context.Context, p Point, seed uint64, tx int) (*sim.Result, error) {
	result, _, err := s.play(ctx, p.Settings, seed, tx)
	if err != nil {
		return nil, fmt.Errorf("replay %s: %w", s.Label(p), err)
	}
	if tx >= len(result.Txs) {
		return nil, fmt.Errorf("replay %s: there is no transaction %d: they are numbered from 0 to %d", s.Label(p), tx, len(result.Txs)-1)
	}
	return result, nil
}

// Find returns the point of that id; without one, the point that has a run of the
// seed, or else the first.
func (s *Scenario) Find(id string, seed uint64) (Point, error) {
	if id != "" {
		if i := s.point(id); i >= 0 {
			return s.Points[i], nil
		}
		return Point{}, fmt.Errorf("scenario %s has no point %s: its results name them", s.Name, id)
	}
	for _, p := range s.Points {
		for replica := range s.Seeds {
			if s.SeedOf(p, replica) == seed {
				return p, nil
			}
		}
	}
	return s.Points[0], nil
}

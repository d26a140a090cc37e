package attack

import (
	"fmt"
	"math/rand/v2"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
	"github.com/pappus-network/pappus/sim/spy"
)

// judge names a source for each group.
func (p Plan) judge(groups []group, honest []int32, believe believer, rng *rand.Rand) Found {
	f := Found{Claims: make([]score.Claim, len(groups))}
	beliefs := make([]spy.Posterior, len(groups))
	for i, g := range groups {
		beliefs[i] = believe(g.txs)
		if len(beliefs[i]) > 0 {
			f.Entropy += beliefs[i].Entropy()
			f.Seen++
		}
	}
	f.Entropy /= float64(f.Seen) // 0/0: nothing was seen
	if p.Match {
		for i, v := range spy.Match(beliefs, honest, rng) {
			f.Claims[i] = score.Claim{Source: groups[i].source, Named: v}
		}
		return f
	}
	for i, b := range beliefs {
		f.Claims[i] = score.Claim{Source: groups[i].source, Named: b.Name(rng)}
	}
	return f
}

// believer says what is believed of a group of transactions.
type believer func(txs []*sim.Tx) spy.Posterior

// believer makes one. A group of which the method knows nothing is judged by who was first.
func (p Plan) believer(g *graph.Graph, r *sim.Result, rng *rand.Rand) (believer, error) {
	together, err := p.together(g, r, rng)
	if err != nil {
		return nil, err
	}
	take, err := p.take(g, r, rng)
	if err != nil {
		return nil, err
	}
	return func(txs []*sim.Tx) spy.Posterior {
		seen := make([][]spy.Sighting, len(txs))
		for i, tx := range txs {
			seen[i] = take(tx.Sightings)
		}
		if belief := together(seen); len(belief) > 0 {
			return belief
		}
		return spy.Vote(each(seen, spy.FirstSpy))
	}, nil
}

// together makes what judges the transactions of a group together.
func (p Plan) together(g *graph.Graph, r *sim.Result, rng *rand.Rand) (func([][]spy.Sighting) spy.Posterior, error) {
	switch p.Method {
	case Kept:
		walk, err := p.walk(g, r)
		if err != nil {
			return nil, err
		}
		return func(seen [][]spy.Sighting) spy.Posterior { return walk.Kept(seen, p.Doubt) }, nil
	case Fingerprints:
		walk, err := p.walk(g, r)
		if err != nil {
			return nil, err
		}
		if p.Learn < 1 {
			return nil, fmt.Errorf("%w: fingerprints of %d stems: allowed is 1 and above", ErrPlan, p.Learn)
		}
		return walk.Fingerprints(p.Learn, rng).Estimate, nil
	default:
	}
	estimate, err := p.estimator(g, r)
	if err != nil {
		return nil, err
	}
	return func(seen [][]spy.Sighting) spy.Posterior {
		return spy.Intersect(each(seen, estimate), len(r.Honest), p.Doubt)
	}, nil
}

// each judges transactions one by one.
func each(seen [][]spy.Sighting, estimate spy.Estimator) []spy.Posterior {
	beliefs := make([]spy.Posterior, len(seen))
	for i, one := range seen {
		beliefs[i] = estimate(one)
	}
	return beliefs
}

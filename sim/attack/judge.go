package attack

import (
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
func (p Plan) believer(g *graph.Graph, r *sim.Result, lessons [][]*sim.Tx) (believer, error) {
	together, err := p.together(g, r, lessons)
	if err != nil {
		return nil, err
	}
	return func(txs []*sim.Tx) spy.Posterior {
		if belief := together(txs); len(belief) > 0 {
			return belief
		}
		return spy.Vote(each(txs, spy.FirstSpy))
	}, nil
}

// together makes what judges the transactions of a group together.
func (p Plan) together(g *graph.Graph, r *sim.Result, lessons [][]*sim.Tx) (believer, error) {
	if p.Method == Kept {
		walk, err := p.walk(g, r)
		if err != nil {
			return nil, err
		}
		return func(txs []*sim.Tx) spy.Posterior {
			seen := make([][]spy.Sighting, len(txs))
			for i, tx := range txs {
				seen[i] = tx.Sightings
			}
			return walk.Kept(seen, p.Doubt)
		}, nil
	}
	estimate, err := p.estimator(g, r, lessons)
	if err != nil {
		return nil, err
	}
	return func(txs []*sim.Tx) spy.Posterior {
		return spy.Intersect(each(txs, estimate), len(r.Honest), p.Doubt)
	}, nil
}

// each judges transactions one by one.
func each(txs []*sim.Tx, estimate spy.Estimator) []spy.Posterior {
	beliefs := make([]spy.Posterior, len(txs))
	for i, tx := range txs {
		beliefs[i] = estimate(tx.Sightings)
	}
	return beliefs
}

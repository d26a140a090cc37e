package attack

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/spy"
)

// Lost is what an adversary takes a transaction for that no spy has seen in its stem: one
// that was made public before, as a stem is that comes back to a node.
type Lost string

// The ways there are.
const (
	Fluffed  Lost = ""          // what is seen of its fluff
	Ignored  Lost = "ignored"   // not seen at all
	AtRandom Lost = "at-random" // handed to a random spy by a random node
)

// losses are all of them, as errors list them.
var losses = []Lost{Fluffed, Ignored, AtRandom}

// take makes what says which sightings a transaction is taken to have. The programs of Dandelion++
// have no fluff: a stem that meets no spy in as many hops as there are nodes is shown to a
// random spy, in the name of one who has dialled it. A random one of both is drawn until
// the latter is honest (dandelion-simulations-py, generate_approx_observations).
func (p Plan) take(g *graph.Graph, r *sim.Result, rng *rand.Rand) (func([]spy.Sighting) []spy.Sighting, error) {
	lost := func(seen []spy.Sighting) []spy.Sighting { return seen }
	switch p.Lost {
	case Fluffed:
	case Ignored:
		lost = func([]spy.Sighting) []spy.Sighting { return nil }
	case AtRandom:
		met, err := met(g, r)
		if err != nil {
			return nil, err
		}
		lost = func([]spy.Sighting) []spy.Sighting {
			for {
				to := met[rng.IntN(len(met))]
				in := g.In(int(to))
				if from := in[rng.IntN(len(in))]; !r.Spies[from] {
					return []spy.Sighting{{From: from, To: to, Stem: true}}
				}
			}
		}
	default:
		return nil, fmt.Errorf("%w: lost %q is not known: choose one of %q", ErrPlan, p.Lost, losses)
	}
	return func(seen []spy.Sighting) []spy.Sighting {
		if slices.ContainsFunc(seen, func(s spy.Sighting) bool { return s.Stem }) {
			return seen
		}
		return lost(seen)
	}, nil
}

// met returns the spies that honest nodes have dialled.
func met(g *graph.Graph, r *sim.Result) ([]int32, error) {
	var met []int32
	for v, is := range r.Spies {
		if is && slices.ContainsFunc(g.In(v), func(u int32) bool { return !r.Spies[u] }) {
			met = append(met, int32(v)) // as many as nodes
		}
	}
	if len(met) == 0 {
		return nil, fmt.Errorf("%w: lost %q takes a spy that an honest node has dialled, and there is none", ErrPlan, AtRandom)
	}
	return met, nil
}

package attack

import (
	"fmt"
	"slices"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/spy"
)

// Method is what an adversary knows and does about one transaction.
type Method string

// The methods there are.
const (
	FirstTimestamp Method = "first-timestamp"
	FirstSpy       Method = "first-spy"
	FirstSent      Method = "first-sent"       // knows how long each link takes
	Walk           Method = "known-graph"      // likelihoods over all paths of a known anonymity graph
	Kept           Method = "known-graph-kept" // the same, of nodes that keep their own first hop
	BlackHole      Method = "black-hole"       // knows the graph, swallows stems and sees who makes them public
	Fingerprints   Method = "fingerprints"     // of stems that it has simulated on a known graph: per-tx routing

	// On trees that the adversary knows, from what a supernode hears:
	ReportingCentre Method = "reporting-centre"
	RumourCentre    Method = "rumour-centre"
	Trickle         Method = "trickle-likelihood"
)

// methods are all of them, as errors list them.
var methods = []Method{FirstTimestamp, FirstSpy, FirstSent, Walk, Kept, BlackHole, Fingerprints, ReportingCentre, RumourCentre, Trickle}

// estimator makes what judges one transaction.
func (p Plan) estimator(g *graph.Graph, r *sim.Result) (spy.Estimator, error) {
	switch p.Method {
	case FirstTimestamp:
		return spy.FirstTimestamp, nil
	case FirstSpy:
		return spy.FirstSpy, nil
	case FirstSent:
		if p.Delay == nil {
			return nil, fmt.Errorf("%w: %s is about delays, and none are known", ErrPlan, p.Method)
		}
		return spy.FirstSent(p.Delay), nil
	case Walk:
		walk, err := p.walk(g, r)
		if err != nil {
			return nil, err
		}
		return walk.Estimate, nil
	case BlackHole:
		return p.blackHole(g, r)
	case ReportingCentre, RumourCentre, Trickle:
		return p.onTree(g)
	case Kept, Fingerprints: // they are about groups
	}
	return nil, fmt.Errorf("%w: method %q is not known: choose one of %q", ErrPlan, p.Method, methods)
}

// onTree makes an estimator that knows a tree.
func (p Plan) onTree(g *graph.Graph) (spy.Estimator, error) {
	tree, err := spy.NewTree(g)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrPlan, p.Method, err)
	}
	if p.Method == Trickle {
		estimate, err := tree.Trickle(p.Slot, p.Theta)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrPlan, p.Method, err)
		}
		return estimate, nil
	}
	if p.Until <= 0 {
		return nil, fmt.Errorf("%w: %s looks until %v after the first sighting: allowed is above 0", ErrPlan, p.Method, p.Until)
	}
	if p.Method == RumourCentre {
		return tree.RumourCentre(p.Until), nil
	}
	return tree.ReportingCentre(p.Until), nil
}

// walk makes what knows the anonymity graph.
func (p Plan) walk(g *graph.Graph, r *sim.Result) (*spy.Walk, error) {
	if r.Spies == nil {
		return nil, fmt.Errorf("%w: %s is about spies among the nodes, and there are none", ErrPlan, p.Method)
	}
	return spy.NewWalk(g, r.Spies, p.Fluff), nil
}

// blackHole makes an estimator that takes the first to make a transaction public, which is
// who is seen with it first but in a stem, for one of the holders of what it has swallowed.
// What nobody but a stem has shown it knows nothing of.
func (p Plan) blackHole(g *graph.Graph, r *sim.Result) (spy.Estimator, error) {
	walk, err := p.walk(g, r)
	if err != nil {
		return nil, err
	}
	if !(p.Holes > 0) || p.Embargo <= 0 {
		return nil, fmt.Errorf("%w: %s wants a share of black holes and an embargo, and has %v and %v: allowed is above 0", ErrPlan, p.Method, p.Holes, p.Embargo)
	}
	known := map[int32]spy.Posterior{}
	return func(seen []spy.Sighting) spy.Posterior {
		first := spy.FirstTimestamp(slices.DeleteFunc(slices.Clone(seen), func(s spy.Sighting) bool { return s.Stem }))
		if len(first) == 0 {
			return nil
		}
		fired := first[0].Node
		if _, ok := known[fired]; !ok {
			known[fired] = walk.BlackHole(fired, p.Holes, p.Hop, p.Embargo)
		}
		return known[fired]
	}, nil
}

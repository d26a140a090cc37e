package attack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
	"github.com/pappus-network/pappus/sim/spy"
)

// ErrPlan is a plan that does not go with the run that it is to judge.
var ErrPlan = errors.New("attack: impossible plan")

// Method is what an adversary knows and does about one transaction.
type Method string

// The methods there are.
const (
	FirstTimestamp Method = "first-timestamp"
	FirstSpy       Method = "first-spy"
	Walk           Method = "known-graph" // likelihoods over all paths of a known anonymity graph
	Profiles       Method = "profiles"    // of stems that it has simulated

	// On trees that the adversary knows, from what a supernode hears:
	ReportingCentre Method = "reporting-centre"
	RumourCentre    Method = "rumour-centre"
	Trickle         Method = "trickle-likelihood"
)

// methods are all of them, as errors list them.
var methods = []Method{FirstTimestamp, FirstSpy, Walk, Profiles, ReportingCentre, RumourCentre, Trickle}

// Plan is an attack. The zero value of all but the method is one transaction at a time, and
// the likeliest node named.
type Plan struct {
	Method Method
	// Messages is how many transactions are known to be of one source: the rounds of
	// a group, when each node sends one a round. 0 = 1. When one node sends all of a
	// round (sim.Same) a round is a group.
	Messages int
	// Learn is how many rounds, the first, profiles are learnt from. They are not
	// judged.
	Learn int
	// Match names each node once, which is what one of each node lets do.
	Match bool
	// Doubt is what an estimator leaves to all nodes when it judges a group.
	Doubt float64
	// Fluff is the chance of a stem's end at a hop, for a known graph.
	Fluff float64
	// Until is for how long after the first sighting a centre is looked for.
	Until time.Duration
	// Slot and Theta are trickle's: the time between two announcements, and how many
	// connections the supernode makes to each node.
	Slot  time.Duration
	Theta int
}

// Found is what an attack has made of one group of each source.
type Found struct {
	Claims []score.Claim
	// Entropy is the mean entropy of the beliefs, in bits, and Seen how many groups it
	// is of: those of which something was seen.
	Entropy float64
	Seen    int
}

// Run traces a run on a graph: once for each block of rounds that make groups. Chance
// decides between equals.
func (p Plan) Run(g *graph.Graph, r *sim.Result, rng *rand.Rand) ([]Found, error) {
	rounds := byRound(r)
	if p.Learn < 0 || p.Learn >= len(rounds) {
		return nil, fmt.Errorf("%w: %d rounds to learn from of %d: some must be left", ErrPlan, p.Learn, len(rounds))
	}
	estimate, err := p.estimator(g, r, rounds[:p.Learn])
	if err != nil {
		return nil, err
	}
	blocks, err := p.blocks(rounds[p.Learn:])
	if err != nil {
		return nil, err
	}
	found := make([]Found, len(blocks))
	for i, groups := range blocks {
		found[i] = p.judge(groups, r.Honest, estimate, rng)
	}
	return found, nil
}

// estimator makes what judges one transaction.
func (p Plan) estimator(g *graph.Graph, r *sim.Result, lessons [][]*sim.Tx) (spy.Estimator, error) {
	switch p.Method {
	case FirstTimestamp:
		return spy.FirstTimestamp, nil
	case FirstSpy:
		return spy.FirstSpy, nil
	case Walk:
		if r.Spies == nil {
			return nil, fmt.Errorf("%w: %s is about spies among the nodes, and there are none", ErrPlan, p.Method)
		}
		return spy.NewWalk(g, r.Spies, p.Fluff).Estimate, nil
	case Profiles:
		if len(lessons) == 0 {
			return nil, fmt.Errorf("%w: profiles have no round to learn from", ErrPlan)
		}
		f := spy.NewProfiles(r.Nodes)
		for _, round := range lessons {
			for _, tx := range round {
				f.Learn(tx.Source, tx.Sightings)
			}
		}
		return f.Estimate, nil
	case ReportingCentre, RumourCentre, Trickle:
		return p.onTree(g)
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

// judge names a source for each group.
func (p Plan) judge(groups []group, honest []int32, estimate spy.Estimator, rng *rand.Rand) Found {
	f := Found{Claims: make([]score.Claim, len(groups))}
	beliefs := make([]spy.Posterior, len(groups))
	for i, g := range groups {
		beliefs[i] = p.believe(g, len(honest), estimate)
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

// believe makes one belief of a group. A group of which the method knows nothing is judged
// by who was first.
func (p Plan) believe(g group, honest int, estimate spy.Estimator) spy.Posterior {
	each := make([]spy.Posterior, len(g.txs))
	for i, tx := range g.txs {
		each[i] = estimate(tx.Sightings)
	}
	if belief := spy.Intersect(each, honest, p.Doubt); len(belief) > 0 {
		return belief
	}
	for i, tx := range g.txs {
		each[i] = spy.FirstSpy(tx.Sightings)
	}
	return spy.Vote(each)
}

package attack

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
)

// ErrPlan is a plan that does not go with the run that it is to judge.
var ErrPlan = errors.New("attack: impossible plan")

// Plan is an attack. The zero value of all but the method is one transaction at a time, and
// the likeliest node named.
type Plan struct {
	Method Method
	// Messages is how many transactions are known to be of one source: the rounds of
	// a group, when each node sends one a round. 0 = 1. When one node sends all of a
	// round (sim.Same) a round is a group.
	Messages int
	// Learn is how many stems of each node a fingerprint is made of.
	Learn int
	// Match names each node once, which is what one of each node lets do.
	Match bool
	// Doubt is what an estimator leaves to all nodes when it judges a group.
	Doubt float64
	// Lost is what a transaction is taken for that no spy has seen in its stem.
	Lost Lost `json:",omitempty"` // left out, the seeds of what came before it stay
	// Fluff is the chance of a stem's end at a hop, for a known graph.
	Fluff float64
	// Delay is how long a link takes, for who was the first to send: from a node to a
	// spy, −1 = the supernode.
	Delay func(from, to int32) time.Duration `json:"-"`
	// Holes, Hop and Embargo are the share of black holes among the nodes, how long
	// stems take to go a hop, and the mean of embargoes, for a black hole.
	Holes        float64       `json:",omitempty"` // left out, the seeds of what came before them stay
	Hop, Embargo time.Duration `json:",omitempty"`
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
	believe, err := p.believer(g, r, rng)
	if err != nil {
		return nil, err
	}
	blocks, err := p.blocks(byRound(r))
	if err != nil {
		return nil, err
	}
	found := make([]Found, len(blocks))
	for i, groups := range blocks {
		found[i] = p.judge(groups, r.Honest, believe, rng)
	}
	return found, nil
}

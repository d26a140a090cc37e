package study

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
	"github.com/pappus-network/pappus/sim/spy"
)

// EstimatorKind is how the adversary guesses.
type EstimatorKind string

// The kinds there are.
const (
	FirstTimestamp EstimatorKind = "first-timestamp" // who was seen first with it
	FirstSpy       EstimatorKind = "first-spy"       // who handed its stem to a spy first; without one, who was seen first with it
	Walk           EstimatorKind = "walk"            // the likeliest source of a random walk on the graph, which is known
	Matching       EstimatorKind = "matching"        // as walk, over all messages of a source; then each node is named once
	Vote           EstimatorKind = "vote"            // as first-spy, and all messages of a source vote
)

// Estimator says how the adversary guesses.
type Estimator struct {
	Kind     EstimatorKind
	Messages int // rounds in which messages of one source are known to be so, and judged together
}

func estimatorKeys() []Key {
	return []Key{
		choice("estimator.kind", []EstimatorKind{FirstTimestamp, FirstSpy, Walk, Matching, Vote}, func(s *Settings) *EstimatorKind { return &s.Estimator.Kind }),
		whole("estimator.messages", 1, 1000, func(s *Settings) *int { return &s.Estimator.Messages }),
	}
}

// together says whether messages of a source are judged together.
func (e Estimator) together() bool { return e.Kind == Matching || e.Kind == Vote }

func (e Estimator) validate(s Settings) *misfit {
	switch {
	case e.Messages > s.Sim.Load.Rounds:
		return &misfit{"estimator.messages", fmt.Sprintf("estimator.messages = %d with load.rounds = %d: allowed is 1 to as many as there are rounds", e.Messages, s.Sim.Load.Rounds)}
	case e.Messages > 1 && !e.together():
		return &misfit{"estimator.messages", fmt.Sprintf("estimator.messages = %d: allowed is 1 with estimator.kind = %q, which judges each by itself", e.Messages, e.Kind)}
	case (e.Kind == Walk || e.Kind == Matching) && s.Sim.Adversary.Kind == sim.Supernode:
		return &misfit{"estimator.kind", fmt.Sprintf("estimator.kind = %q: allowed is first-timestamp, first-spy or vote for a supernode, to which nobody stems", e.Kind)}
	}
	return nil
}

// believer returns what the adversary believes of one transaction.
func (e Estimator) believer(set Settings, g *graph.Graph, r *sim.Result) spy.Estimator {
	switch e.Kind {
	case FirstTimestamp:
		return spy.FirstTimestamp
	case Walk:
		return spy.NewWalk(g, r.Spies, set.Sim.Dandelion.FluffChance).Estimate
	case Matching:
		walk := spy.NewWalk(g, r.Spies, set.Sim.Dandelion.FluffChance)
		return func(seen []spy.Sighting) spy.Posterior {
			// What came by its fluff says little, and would acquit the source.
			return walk.Estimate(slices.DeleteFunc(slices.Clone(seen), func(s spy.Sighting) bool { return !s.Stem }))
		}
	case FirstSpy, Vote:
	}
	return spy.FirstSpy
}

// group is the transactions of one source that are judged together.
type group struct {
	block   int // of rounds
	source  int32
	beliefs []spy.Posterior
}

// groups puts transactions together, in the order of the first of each.
func (e Estimator) groups(r *sim.Result, beliefs []spy.Posterior) []group {
	type key struct {
		block  int
		source int32
	}
	var all []group
	known := map[key]int{}
	for i := range r.Txs {
		k := key{int(r.Txs[i].Round) / e.Messages, r.Txs[i].Source}
		at, ok := known[k]
		if !ok {
			at = len(all)
			known[k] = at
			all = append(all, group{k.block, k.source, nil})
		}
		all[at].beliefs = append(all[at].beliefs, beliefs[i])
	}
	return all
}

// claims returns whom the adversary names, by block of rounds. What is left of a last
// block that is not whole is not judged.
func (e Estimator) claims(r *sim.Result, beliefs []spy.Posterior, rounds int, rng *rand.Rand) [][]score.Claim {
	if !e.together() {
		e.Messages = 1
		blocks := make([][]score.Claim, rounds)
		for i := range r.Txs {
			t := &r.Txs[i]
			blocks[t.Round] = append(blocks[t.Round], score.Claim{Source: t.Source, Named: beliefs[i].Name(rng)})
		}
		return blocks
	}
	blocks := make([][]score.Claim, rounds/e.Messages)
	joint := make([][]spy.Posterior, len(blocks))
	for _, g := range e.groups(r, beliefs) {
		if g.block >= len(blocks) {
			continue
		}
		var belief spy.Posterior
		if e.Kind == Vote {
			belief = spy.Vote(g.beliefs)
		} else {
			belief = spy.Intersect(g.beliefs, r.Nodes, 0)
		}
		blocks[g.block] = append(blocks[g.block], score.Claim{Source: g.source, Named: belief.Name(rng)})
		joint[g.block] = append(joint[g.block], belief)
	}
	if e.Kind == Matching {
		for i, block := range blocks {
			for k, named := range spy.Match(joint[i], r.Honest, rng) {
				block[k].Named = named
			}
		}
	}
	return blocks
}

// measureAnonymity makes what the adversary has found out.
func measureAnonymity(m map[string]float64, set Settings, g *graph.Graph, r *sim.Result, rng *rand.Rand) error {
	e, rounds := set.Estimator, set.Sim.Load.Rounds
	believe := e.believer(set, g, r)
	beliefs := make([]spy.Posterior, len(r.Txs))
	seen, entropy := 0.0, 0.0
	for i := range r.Txs {
		beliefs[i] = believe(r.Txs[i].Sightings)
		if r.Txs[i].Seen > 0 {
			seen++
			entropy += beliefs[i].Entropy()
		}
	}
	m["seen"], m["entropy"] = seen/float64(len(r.Txs)), entropy/seen
	blocks := e.claims(r, beliefs, rounds, rng)
	hits, count, precision := 0.0, 0.0, 0.0
	for _, block := range blocks {
		count += float64(len(block))
		hits += score.Recall(block) * float64(len(block))
		if set.Sim.Load.Source != sim.Each {
			continue // precision is not defined
		}
		p, err := score.Precision(len(r.Honest), block)
		if err != nil {
			return err
		}
		precision += p
	}
	m["recall"] = hits / count
	if set.Sim.Load.Source == sim.Each {
		m["precision"] = precision / float64(len(blocks))
	}
	return nil
}

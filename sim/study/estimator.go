package study

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/attack"
	"github.com/pappus-network/pappus/sim/graph"
	"github.com/pappus-network/pappus/sim/score"
)

func estimatorKeys() []Key {
	return []Key{
		choice("estimator.method", []attack.Method{
			attack.FirstTimestamp, attack.FirstSpy, attack.FirstSent, attack.Walk, attack.Kept, attack.BlackHole, attack.Fingerprints, attack.ReportingCentre, attack.RumourCentre, attack.Trickle,
		}, func(s *Settings) *attack.Method { return &s.Attack.Method }),
		whole("estimator.messages", 1, 1000, func(s *Settings) *int { return &s.Attack.Messages }),
		whole("estimator.learn", 0, 1_000_000, func(s *Settings) *int { return &s.Attack.Learn }),
		choice("estimator.lost", []attack.Lost{attack.Fluffed, attack.Ignored, attack.AtRandom}, func(s *Settings) *attack.Lost { return &s.Attack.Lost }),
		flag("estimator.match", func(s *Settings) *bool { return &s.Attack.Match }),
		share("estimator.doubt", func(s *Settings) *float64 { return &s.Attack.Doubt }),
		span("estimator.until", 1, func(s *Settings) *time.Duration { return &s.Attack.Until }),
	}
}

// validateAttack reports an attack that does not go with the rest.
func (s Settings) validateAttack() *misfit {
	a, rounds := s.Attack, s.Sim.Load.Rounds
	knows := a.Method == attack.Walk || a.Method == attack.Kept || a.Method == attack.BlackHole || a.Method == attack.Fingerprints
	switch {
	case s.Sim.Adversary.Kind == sim.NoAdversary:
		return nil
	case a.Messages > rounds:
		return &misfit{"estimator.messages", fmt.Sprintf("estimator.messages = %d with load.rounds = %d: allowed is as many as there are rounds", a.Messages, rounds)}
	case (a.Match || a.Messages > 1) && s.Sim.Load.Source != sim.Each:
		return &misfit{"estimator.match", `estimator.match and estimator.messages above 1 are allowed with load.source = "each" only: one transaction of each node`}
	case a.Method == attack.Fingerprints && a.Learn == 0:
		return &misfit{"estimator.learn", `estimator.learn = 0 with estimator.method = "fingerprints": allowed is 1 and above`}
	case a.Lost != attack.Fluffed && s.Sim.Adversary.Kind == sim.Supernode:
		return &misfit{"estimator.lost", fmt.Sprintf("estimator.lost = %q is allowed for spies only: a supernode sees no stems", a.Lost)}
	case knows && s.Sim.Adversary.Kind == sim.Supernode:
		return &misfit{"estimator.method", fmt.Sprintf("estimator.method = %q is allowed for spies only: nobody stems to a supernode", a.Method)}
	case a.Method == attack.BlackHole && (!s.Sim.Adversary.Silent || s.Sim.Adversary.Share == 0):
		return &misfit{"estimator.method", fmt.Sprintf("estimator.method = %q is allowed with adversary.silent = true and adversary.p above 0 only: they swallow stems", a.Method)}
	case a.Method == attack.BlackHole && s.Sim.Load.FirstSighting:
		return &misfit{"load.first_sighting", fmt.Sprintf("load.first_sighting = true with estimator.method = %q: allowed is false, as it waits for what comes after the stem", a.Method)}
	case (a.Method == attack.ReportingCentre || a.Method == attack.RumourCentre || a.Method == attack.Trickle) && s.Graph.Kind != Tree:
		return &misfit{"estimator.method", fmt.Sprintf(`estimator.method = %q is allowed with graph.kind = "tree" only`, a.Method)}
	}
	return nil
}

// plan completes the attack with what the adversary knows of the network.
func (s Settings) plan(g *graph.Graph, seed uint64) attack.Plan {
	p, cfg := s.Attack, s.Sim
	cfg.Seed = seed
	p.Fluff, p.Slot, p.Theta = cfg.Dandelion.FluffChance, cfg.Flooding.Delay, cfg.Adversary.Theta
	p.Delay = sim.Delays(cfg, g)
	p.Holes, p.Hop, p.Embargo = cfg.Adversary.Share, cfg.Links.Median, cfg.Dandelion.Embargo
	return p
}

// measureAnonymity makes what the adversary has found out.
func measureAnonymity(m map[string]float64, set Settings, g *graph.Graph, r *sim.Result, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, guessStream))
	found, err := set.plan(g, seed).Run(g, r, rng)
	if err != nil {
		return err
	}
	hits, count, precision, entropy, judged := 0.0, 0.0, 0.0, 0.0, 0.0
	for _, f := range found {
		n := float64(len(f.Claims))
		count += n
		hits += score.Recall(f.Claims) * n
		if f.Seen > 0 {
			entropy += f.Entropy * float64(f.Seen)
			judged += float64(f.Seen)
		}
		if set.Sim.Load.Source != sim.Each {
			continue // precision is not defined
		}
		p, err := score.Precision(len(r.Honest), f.Claims)
		if err != nil {
			return err
		}
		precision += p / float64(len(found))
	}
	m["recall"], m["entropy"], m["precision"] = hits/count, entropy/judged, precision
	if set.Sim.Load.Source != sim.Each {
		m["precision"] = math.NaN()
	}
	seen := 0.0
	for i := range r.Txs {
		if r.Txs[i].Seen > 0 {
			seen++
		}
	}
	m["seen"] = seen / float64(len(r.Txs))
	return nil
}

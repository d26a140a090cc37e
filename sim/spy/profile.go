package spy

// Profiles are what an adversary sees of each node's transactions, learnt by simulating
// them on the graph that it knows: how often which exit hands them to which spy. They need
// no model of the routing but the router itself (BIP 156, "fingerprint").
type Profiles struct {
	trials []float64          // by source
	seen   map[hand][]float64 // by sighting, and source
}

// hand is an exit and the spy that it hands to.
type hand struct{ exit, spy int32 }

// NewProfiles returns those of so many nodes, of which nothing is known.
func NewProfiles(nodes int) *Profiles {
	return &Profiles{trials: make([]float64, nodes), seen: map[hand][]float64{}}
}

// Learn takes the sightings of a simulated transaction.
func (f *Profiles) Learn(source int32, seen []Sighting) {
	f.trials[source]++
	stem := stems(seen)
	if len(stem) == 0 {
		return
	}
	h := hand{stem[0].From, stem[0].To}
	counts := f.seen[h]
	if counts == nil {
		counts = make([]float64, len(f.trials))
		f.seen[h] = counts
	}
	counts[source]++
}

// pseudo is added to each count, for what has not happened in as many trials as there were
// can happen.
const pseudo = 0.5

// Estimate weighs each node by how often a transaction of its own was seen so. It knows
// nothing of what never was, or not in a stem. Nodes of which nothing was learnt are no
// suspects.
func (f *Profiles) Estimate(seen []Sighting) Posterior {
	stem := stems(seen)
	if len(stem) == 0 {
		return nil
	}
	counts := f.seen[hand{stem[0].From, stem[0].To}]
	if counts == nil {
		return nil
	}
	var guesses []Guess
	for v, trials := range f.trials {
		if trials > 0 {
			guesses = append(guesses, Guess{int32(v), (counts[v] + pseudo) / (trials + 1)}) // as many as nodes
		}
	}
	return weighed(guesses)
}

package spy

// Walk is what an adversary knows that has learnt the anonymity graph, and not how nodes
// route on it: to it a stem is a random walk. Its likelihoods sum over all paths; with
// routing per transaction they are exact, but for stems that run in a loop, which
// dandelion's router ends. Likelihoods of an exit are kept: as many numbers as there are
// nodes.
type Walk struct {
	links Links
	spies []bool
	fluff float64
	known map[int32][]float64 // by exit
}

// NewWalk returns the walk of stems over a graph, to whom each node dialled, past spies,
// by node. At each node but its source a stem ends with chance fluff.
func NewWalk(l Links, spies []bool, fluff float64) *Walk {
	return &Walk{links: l, spies: spies, fluff: fluff, known: map[int32][]float64{}}
}

const (
	// settled is the change at which likelihoods count as known.
	settled = 1e-12
	// rounds bounds how often they are improved: a stem is that long at most. With
	// one spy in 1,000 nodes a stem has 1,000 hops.
	rounds = 30_000
)

// Likelihood returns, by node, how likely a transaction of the node is handed to a spy by
// an exit, which dialled the spy; 0 for spies. It is not to be changed.
func (w *Walk) Likelihood(exit int32) []float64 {
	likelihood, ok := w.known[exit]
	if !ok {
		likelihood = w.solve(exit)
		w.known[exit] = likelihood
	}
	return likelihood
}

// solve counts the visits that a stem pays an exit: x(v) = [v is the exit] + mean of
// (1−fluff)·x(u) over those whom v dialled. Of a visit, one hop in as many as the exit
// dialled goes to a given spy.
func (w *Walk) solve(exit int32) []float64 {
	x := make([]float64, w.links.Len())
	for range rounds {
		change := 0.0
		for v := range x {
			if w.spies[v] {
				continue
			}
			visits := w.pass(v, x)
			if int32(v) == exit { // as many as nodes
				visits++
			}
			change = max(change, visits-x[v])
			x[v] = visits
		}
		if change < settled {
			break
		}
	}
	dialled := float64(len(w.links.Out(int(exit))))
	for v := range x {
		x[v] /= dialled
	}
	return x
}

// pass is the mean, over whom v dialled, of what a stem that passes it on brings.
func (w *Walk) pass(v int, x []float64) float64 {
	out := w.links.Out(v)
	sum := 0.0
	for _, u := range out {
		sum += x[u]
	}
	if len(out) == 0 {
		return 0
	}
	return (1 - w.fluff) * sum / float64(len(out))
}

// Estimate weighs each honest node by how likely the first sighting of the stem is, if the
// node is the source. It knows nothing of what has not been seen in its stem, or over a link
// that the graph does not have: who fluffs it first need not be near the source.
func (w *Walk) Estimate(seen []Sighting) Posterior {
	stem := stems(seen)
	if len(stem) == 0 {
		return nil
	}
	exit := stem[0].From
	if !w.dialled(exit, stem[0].To) {
		return nil
	}
	guesses := make([]Guess, 0, w.links.Len())
	for v, x := range w.Likelihood(exit) {
		guesses = append(guesses, Guess{int32(v), x}) // as many as nodes
	}
	return weighed(guesses)
}

package devnet

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/pappus-network/pappus/api/dashboard"
	"github.com/pappus-network/pappus/sim/score"
	"github.com/pappus-network/pappus/sim/spy"
)

const (
	// keptClaims is over how many transactions the spies' recall is measured.
	keptClaims = 1000
	// shownGuesses is how many of them are shown.
	shownGuesses = 20
)

// Verdict is what colluding spies have made of what they heard.
type Verdict struct {
	On       bool     `json:"on"`
	Spies    []string `json:"spies"`
	Fraction float64  `json:"fraction"`
	Seen     int      `json:"seen"`    // transactions that were judged
	Guesses  int      `json:"guesses"` // those for which somebody was named
	// Precision is that of score.Precision, over the last transaction of each honest node
	// that has sent one; Recall the share of all that were traced to their sources.
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	Recent    []Claim `json:"recent"` // the last first
}

// Claim is whom the spies have named for a transaction.
type Claim struct {
	Txid   string `json:"txid"`
	Guess  string `json:"guess"` // empty = nobody
	Origin string `json:"origin"`
	Right  bool   `json:"right"`
}

// watch is a group of spies: members that relay like all others and report what they hear
// to one who guesses where it came from, with the estimator and the scores of the
// simulator. It is guarded by the tracer's lock.
type watch struct {
	on       bool
	fraction float64
	spies    map[int32]string // number → name
	rng      *rand.Rand
	claims   []judged // the oldest first
	names    map[int32]string
}

// judged is a claim with what is shown of it.
type judged struct {
	score.Claim
	txid string
}

func newWatch(src rand.Source) watch {
	return watch{rng: rand.New(src), spies: make(map[int32]string), names: make(map[int32]string)}
}

// sees says whether a spy hears something of an honest member's.
func (w *watch) sees(from, at *member) bool {
	_, is := w.spies[int32(at.number)] // few members
	_, theirs := w.spies[int32(from.number)]
	w.names[int32(from.number)] = from.name
	return w.on && is && !theirs
}

// judge has the spies name a source, once for each transaction that an honest member
// has sent while they were on.
func (w *watch) judge(p *path) {
	if p.judged || !w.on || p.origin == spy.Nobody {
		return
	}
	p.judged = true
	if _, own := w.spies[p.origin]; own {
		return
	}
	w.names[p.origin] = p.Origin
	slices.SortStableFunc(p.sightings, func(a, b spy.Sighting) int { return cmp.Compare(a.At, b.At) })
	named := spy.FirstSpy(p.sightings).Name(w.rng)
	w.claims = append(w.claims, judged{score.Claim{Source: p.origin, Named: named}, p.Txid})
	if len(w.claims) > keptClaims {
		w.claims = slices.Delete(w.claims, 0, len(w.claims)-keptClaims)
	}
}

// set begins with a share of the members as spies, drawn at random, or ends it.
func (t *tracer) set(on bool, fraction float64, members []*member) error {
	if on && !(fraction > 0 && fraction < 1) { // not a number is neither
		return dashboard.BadRequest("a fraction of %v: the spies are more than none of the nodes and less than all, say 0.2", fraction)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &t.watch
	w.on, w.fraction, w.claims = on, fraction, nil
	clear(w.spies)
	for _, p := range t.paths {
		p.judged, p.sightings = true, nil // they were under way before
	}
	if !on {
		w.fraction = 0
		return nil
	}
	count := min(max(int(math.Round(fraction*float64(len(members)))), 1), len(members)-1)
	if count < 1 {
		w.on, w.fraction = false, 0
		return dashboard.Conflict("a network of fewer than two nodes has no room for a spy: add one first")
	}
	for _, i := range w.rng.Perm(len(members))[:count] {
		w.spies[int32(members[i].number)] = members[i].name // few members
	}
	return nil
}

// isSpy says whether a member is one.
func (t *tracer) isSpy(m *member) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, is := t.watch.spies[int32(m.number)] // few members
	return is
}

// verdict returns how good the spies are.
func (t *tracer) verdict() Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &t.watch
	v := Verdict{On: w.on, Fraction: w.fraction, Spies: []string{}, Recent: []Claim{}, Seen: len(w.claims)}
	numbers := make([]int32, 0, len(w.spies))
	for number := range w.spies {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		v.Spies = append(v.Spies, w.spies[number])
	}
	var all, round []score.Claim
	sent := make(map[int32]bool)
	for _, c := range slices.Backward(w.claims) {
		all = append(all, c.Claim)
		if c.Named != spy.Nobody {
			v.Guesses++
		}
		if !sent[c.Source] {
			sent[c.Source] = true
			round = append(round, c.Claim)
		}
		if len(v.Recent) < shownGuesses {
			v.Recent = append(v.Recent, Claim{c.txid, w.names[c.Named], w.names[c.Source], c.Named == c.Source})
		}
	}
	if len(all) > 0 {
		v.Recall = score.Recall(all)
		v.Precision, _ = score.Precision(len(round), round) // one of each
	}
	return v
}

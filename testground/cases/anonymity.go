package cases

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pappus-network/pappus/sim/score"
	"github.com/pappus-network/pappus/sim/spy"
	"github.com/pappus-network/pappus/testground/member"
)

// Seen is that a spy had a transaction from an instance.
type Seen struct {
	Tx   string
	From int // instance
	At   int64
	Stem bool
}

// Report is what a spy has seen.
type Report struct {
	Seq  int
	Seen []Seen
}

// spiesOf draws which of n instances spy: a share of them, at least one, never all.
func spiesOf(n int, share float64, src *rand.Rand) []int {
	spies := make([]int, 0, n)
	for _, k := range src.Perm(n)[:min(max(1, int(share*float64(n))), n-1)] {
		spies = append(spies, k+1)
	}
	slices.Sort(spies)
	return spies
}

// spying: every honest instance sends transactions, one a round, and the spies, who relay
// as everybody does, note who brought each. Together they name whoever was the first to
// hand it to any of them.
func spying(ctx context.Context, i *instance) error {
	spies := spiesOf(i.count, i.params.Spies, i.draw(forSpies))
	var honest []int
	for seq := 1; seq <= i.count; seq++ {
		if !slices.Contains(spies, seq) {
			honest = append(honest, seq)
		}
	}
	coins, err := i.prepare(ctx, i.params.Txs*len(honest))
	if err != nil {
		return err
	}
	var rounds [][]Sent
	for round := range i.params.Txs {
		sent, err := i.round(ctx, round, honest, coins)
		if err != nil {
			return err
		}
		rounds = append(rounds, sent)
	}
	var mine *Report
	if slices.Contains(spies, i.seq) {
		mine = &Report{i.seq, i.sightings()}
	}
	reports, err := gather(ctx, i, "reports", len(spies), mine)
	if err != nil {
		return err
	}
	if i.leads() {
		if err := i.accuse(rounds, reports, spies); err != nil {
			return err
		}
	}
	return i.measure(ctx, slices.Concat(rounds...))
}

// sightings returns what this instance's node has noted.
func (i *instance) sightings() []Seen {
	numbers := make(map[string]int)
	for _, c := range i.all {
		numbers[c.ID] = c.Seq
	}
	return seenBy(i.node.Diary.Heard(), numbers)
}

// seenBy translates peers into instances; numbers has those that there are.
func seenBy(heard []member.Sighting, numbers map[string]int) []Seen {
	seen := make([]Seen, 0, len(heard))
	for _, h := range heard {
		if seq, ok := numbers[h.Peer]; ok {
			seen = append(seen, Seen{h.Tx, seq, h.At.UnixNano(), h.Stem})
		}
	}
	return seen
}

// accuse names origins and records how well that went.
func (i *instance) accuse(rounds [][]Sent, reports []Report, spies []int) error {
	v, err := judge(rounds, reports, spies, i.draw(forTies))
	if err != nil {
		return err
	}
	i.record("spies", float64(len(spies))/float64(i.count))
	i.record("precision", v.precision)
	i.record("recall", v.recall)
	i.record("unseen", float64(v.unseen))
	i.say("%s: %d spies of %d named the origins of %d transactions with precision %.3f and recall %.3f; no scheme gets below %.3f and %.3f in the mean",
		i.params.Mechanism, len(spies), i.count, v.txs, v.precision, v.recall,
		sq(float64(len(spies))/float64(i.count)), float64(len(spies))/float64(i.count))
	return nil
}

func sq(x float64) float64 { return x * x }

// judgement is how well spies did.
type judgement struct {
	precision, recall float64
	txs, unseen       int // transactions; those that no spy had from an honest instance
}

var errNothingSent = errors.New("no transaction was sent")

// judge applies the first-spy estimator, and the definitions of precision and recall, of
// the simulator: precision a round of one transaction for each honest instance, and
// the mean over rounds.
func judge(rounds [][]Sent, reports []Report, spies []int, ties *rand.Rand) (judgement, error) {
	seen := make(map[string][]spy.Sighting)
	for _, r := range reports {
		for _, s := range r.Seen {
			if !slices.Contains(spies, s.From) { // what spies have from one another tells nothing
				seen[s.Tx] = append(seen[s.Tx], spy.Sighting{At: time.Duration(s.At), From: int32(s.From), To: int32(r.Seq), Stem: s.Stem}) // instances: few
			}
		}
	}
	var v judgement
	var all []score.Claim
	for _, sent := range rounds {
		slices.SortFunc(sent, func(a, b Sent) int { return cmp.Compare(a.Seq, b.Seq) })
		claims := make([]score.Claim, 0, len(sent))
		for _, s := range sent {
			of := seen[s.Tx]
			slices.SortFunc(of, func(a, b spy.Sighting) int {
				return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.From, b.From))
			})
			named := spy.FirstSpy(of).Name(ties)
			if named == spy.Nobody {
				v.unseen++
			}
			claims = append(claims, score.Claim{Source: int32(s.Seq), Named: named}) // an instance
		}
		p, err := score.Precision(len(sent), claims)
		if err != nil {
			return v, fmt.Errorf("judge a round: %w", err)
		}
		v.precision += p / float64(len(rounds))
		all = append(all, claims...)
	}
	if len(all) == 0 {
		return v, errNothingSent
	}
	v.recall, v.txs = score.Recall(all), len(all)
	return v, nil
}

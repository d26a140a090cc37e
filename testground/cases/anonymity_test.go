package cases

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pappus-network/pappus/testground/member"
)

func TestJudge(t *testing.T) {
	ties := rand.New(rand.NewPCG(1, 1))
	// Instances 1 to 3 are honest, 4 and 5 spy.
	round := []Sent{{"a", 1, 0}, {"b", 2, 0}, {"c", 3, 0}}
	spies := []int{4, 5}
	for name, c := range map[string]struct {
		reports           []Report
		precision, recall float64
		unseen            int
	}{
		"nobody has seen anything": {nil, 0, 0, 3},
		"each comes from its origin": {[]Report{
			{4, []Seen{{"a", 1, 10, false}, {"b", 2, 10, false}}}, {5, []Seen{{"c", 3, 10, false}}},
		}, 1, 1, 0},
		"the first counts, whichever spy has it": {[]Report{
			{4, []Seen{{"a", 2, 20, false}}}, {5, []Seen{{"a", 1, 10, false}}},
		}, 1. / 3, 1. / 3, 2},
		"a stem counts before what is faster": {[]Report{
			{4, []Seen{{"a", 2, 10, false}}}, {5, []Seen{{"a", 1, 30, true}}},
		}, 1. / 3, 1. / 3, 2},
		"what a spy brings is no sighting": {[]Report{
			{4, []Seen{{"a", 5, 10, false}, {"a", 1, 20, false}}},
		}, 1. / 3, 1. / 3, 2},
		"one node, named for all": {[]Report{
			{4, []Seen{{"a", 1, 10, false}, {"b", 1, 10, false}, {"c", 1, 10, false}}},
		}, 1. / 9, 1. / 3, 0}, // 1 ⁄ 3 for one of three nodes
	} {
		t.Run(name, func(t *testing.T) {
			got, err := judge([][]Sent{round}, c.reports, spies, ties)
			if err != nil || math.Abs(got.precision-c.precision) > 1e-9 || math.Abs(got.recall-c.recall) > 1e-9 || got.unseen != c.unseen || got.txs != 3 {
				t.Errorf("%+v (%v), want precision %v, recall %v, %d unseen", got, err, c.precision, c.recall, c.unseen)
			}
		})
	}
	t.Run("rounds count alike", func(t *testing.T) {
		next := []Sent{{"d", 1, 0}, {"e", 2, 0}, {"f", 3, 0}}
		got, err := judge([][]Sent{round, next}, []Report{{4, []Seen{{"a", 1, 1, false}, {"b", 2, 1, false}, {"c", 3, 1, false}}}}, spies, ties)
		if err != nil || got != (judgement{0.5, 0.5, 6, 3}) {
			t.Errorf("%+v, %v", got, err)
		}
	})
	if _, err := judge(nil, nil, spies, ties); !errors.Is(err, errNothingSent) {
		t.Errorf("nothing sent: %v", err)
	}
}

func TestSeenByLeavesOutStrangers(t *testing.T) {
	at := time.Unix(5, 0)
	got := seenBy([]member.Sighting{{Tx: "a", Peer: "P", At: at, Stem: true}, {Tx: "b", Peer: "?", At: at}}, map[string]int{"P": 3})
	if len(got) != 1 || got[0] != (Seen{"a", 3, 5_000_000_000, true}) {
		t.Errorf("%+v", got)
	}
}

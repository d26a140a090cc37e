package spy

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

func chance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 5)) }

func TestFirstEstimators(t *testing.T) {
	ms := time.Millisecond
	delay := func(from, _ int32) time.Duration { return time.Duration(from) * ms }
	for _, c := range []struct {
		name     string
		estimate Estimator
		seen     []Sighting
		want     Posterior
	}{
		{"nothing seen", FirstSpy, nil, Posterior{}},
		{"one stem", FirstSpy, []Sighting{{5 * ms, 3, 9, true}}, Posterior{{3, 1}}},
		{"an announcement before the stem", FirstSpy, []Sighting{{1 * ms, 2, 8, false}, {5 * ms, 3, 9, true}, {6 * ms, 4, 9, true}}, Posterior{{3, 1}}},
		{"no stem", FirstSpy, []Sighting{{1 * ms, 2, 8, false}, {5 * ms, 3, 9, false}}, Posterior{{2, 1}}},
		{"by time alone", FirstTimestamp, []Sighting{{1 * ms, 2, 8, false}, {5 * ms, 3, 9, true}}, Posterior{{2, 1}}},
		{"equal times", FirstTimestamp, []Sighting{{1 * ms, 7, 8, false}, {1 * ms, 2, 9, false}, {1 * ms, 7, 9, false}}, Posterior{{2, 0.5}, {7, 0.5}}},
		{"in no order", FirstTimestamp, []Sighting{{4 * ms, 7, 8, false}, {1 * ms, 2, 9, false}}, Posterior{{2, 1}}},
		{"slow link", FirstSent(delay), []Sighting{{5 * ms, 1, 8, false}, {9 * ms, 7, 9, false}}, Posterior{{7, 1}}},
	} {
		if got := c.estimate(c.seen); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPosterior(t *testing.T) {
	p := weighed([]Guess{{9, 3}, {4, 0}, {2, 3}, {5, 2}})
	if want := (Posterior{{2, .375}, {5, .25}, {9, .375}}); !reflect.DeepEqual(p, want) {
		t.Errorf("%v, want %v", p, want)
	}
	if best := p.Best(); !slices.Equal(best, []int32{2, 9}) || p.Hit(9) != 0.5 || p.Hit(5) != 0 || p.Weight(5) != 0.25 || p.Weight(4) != 0 {
		t.Errorf("best %v, hit %v, weight %v", best, p.Hit(9), p.Weight(5))
	}
	rng, named := chance(1), map[int32]int{}
	for range 1000 {
		named[p.Name(rng)]++
	}
	if len(named) != 2 || named[2] < 400 || named[9] < 400 { // 500 ± 16
		t.Errorf("named %v", named)
	}
	if got, want := p.Entropy(), 2*.375*math.Log2(1/.375)+.5; math.Abs(got-want) > 1e-12 {
		t.Errorf("entropy %v, want %v", got, want)
	}
	if got := even([]int32{1, 2, 3, 4, 5, 6, 7, 8}).Entropy(); got != 3 {
		t.Errorf("entropy of eight %v", got)
	}
	if none := weighed([]Guess{{1, 0}}); none.Name(rng) != Nobody || none.Entropy() != 0 {
		t.Errorf("%v names %v", none, none.Name(rng))
	}
	// Likelihoods below what a float can hold.
	if got := likely([]Guess{{1, -2000}, {2, -2000 + math.Log(3)}, {3, math.Inf(-1)}}); len(got) != 2 || math.Abs(got[0].Weight-.25) > 1e-12 {
		t.Errorf("%v", got)
	}
}

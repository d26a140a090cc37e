package attack

import (
	"math/rand/v2"
	"testing"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/sim/spy"
)

// What comes back and is made public can be traced by its fluff, tells nothing, or is laid
// at a random node's door. On a graph on which each node dials one, many do.
func TestLostStems(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 77))
	g, err := dials(1)(rng)
	if err != nil {
		t.Fatal(err)
	}
	r := play(t, stems(dandelion.PerEdge, .1, 20), g)
	for _, lost := range losses {
		p := Plan{Method: FirstSpy, Lost: lost}
		take, err := p.take(g, r, rng)
		if err != nil {
			t.Fatal(err)
		}
		count, doors := 0, map[spy.Sighting]bool{}
		for _, tx := range r.Txs {
			seen, taken := tx.Sightings, take(tx.Sightings)
			if len(seen) > 0 && seen[0].Stem {
				if len(taken) != len(seen) || taken[0] != seen[0] {
					t.Fatalf("%q: %v is taken for %v", lost, seen, taken)
				}
				continue
			}
			count++
			if lost != AtRandom {
				if want := map[Lost]int{Fluffed: len(seen), Ignored: 0}[lost]; len(taken) != want {
					t.Fatalf("%q: %v is taken for %v", lost, seen, taken)
				}
				continue
			}
			s := taken[0]
			if len(taken) != 1 || !s.Stem || r.Spies[s.From] || !r.Spies[s.To] || g.Out(int(s.From))[0] != s.To {
				t.Fatalf("%v is taken for %v", seen, taken)
			}
			doors[s] = true
		}
		if count < 100 || lost == AtRandom && len(doors) < 4 {
			t.Errorf("%q: %d lost, %d doors: too few to tell", lost, count, len(doors))
		}
		found, err := p.Run(g, r, rng)
		if err != nil {
			t.Fatal(err)
		}
		named := 0
		for _, f := range found {
			for _, c := range f.Claims {
				if c.Named != spy.Nobody {
					named++
				}
			}
		}
		all := len(r.Txs)
		if want := map[Lost]bool{Fluffed: named > all-count, Ignored: named == all-count, AtRandom: named == all}; !want[lost] {
			t.Errorf("%q: %d of %d are traced, %d are lost", lost, named, all, count)
		}
	}
}

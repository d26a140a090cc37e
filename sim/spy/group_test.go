package spy

import (
	"math"
	"reflect"
	"testing"
)

func TestGroups(t *testing.T) {
	beliefs := []Posterior{{{1, .5}, {2, .5}}, nil, {{2, .2}, {3, .8}}}
	if got, want := Intersect(beliefs, 4, 0), (Posterior{{2, 1}}); !reflect.DeepEqual(got, want) {
		t.Errorf("intersection %v, want %v", got, want)
	}
	// With doubt ½ of 4 nodes each keeps ⅛: 1: ⅜·⅛, 2: ⅜·(.1+⅛), 3: ⅛·(.4+⅛).
	got := Intersect(beliefs, 4, .5)
	total := 3./8/8 + 3./8*.225 + .525/8
	for v, want := range map[int32]float64{1: 3. / 8 / 8, 2: 3. / 8 * .225, 3: .525 / 8} {
		if math.Abs(got.Weight(v)-want/total) > 1e-12 {
			t.Errorf("%d weighs %v, want %v", v, got.Weight(v), want/total)
		}
	}
	if got, want := Vote(beliefs), (Posterior{{1, .25}, {2, .35}, {3, .4}}); len(got) != 3 || math.Abs(got[1].Weight-want[1].Weight) > 1e-12 || got[2].Node != 3 {
		t.Errorf("vote %v, want %v", got, want)
	}
	if len(beliefs[0]) != 2 || beliefs[2][0].Node != 2 {
		t.Errorf("the beliefs have changed: %v", beliefs)
	}
	// Two that exclude each other: nobody is left without doubt.
	if got := Intersect([]Posterior{{{1, 1}}, {{2, 1}}}, 2, 0); got.Name(chance(1)) != Nobody {
		t.Errorf("%v", got)
	}
	if got := Intersect(nil, 2, 0); len(got) != 0 || len(Vote(nil)) != 0 {
		t.Errorf("of nothing %v", got)
	}
}

package study

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pappus-network/pappus/sim"
	"github.com/pappus-network/pappus/sim/score"
	"github.com/pappus-network/pappus/sim/spy"
)

// Formula is a closed form: what a metric is exactly, in the set-up that it was derived
// for. Whether a point has that set-up is for the scenario to see to.
type Formula struct {
	Name    string
	Meaning string // with the settings that it takes
	of      func(s Settings) (float64, error)
}

// Formulas returns the closed forms that a scenario may compare with, as the
// documentation lists them.
func Formulas() []Formula {
	return []Formula{
		{"share", "`adversary.p`: the recall of stems that never end, and the least of any protocol", func(s Settings) (float64, error) {
			_, recall := score.LowerBounds(s.Sim.Adversary.Share)
			return recall, nil
		}},
		{"share-squared", "its square: the least precision of any protocol", func(s Settings) (float64, error) {
			precision, _ := score.LowerBounds(s.Sim.Adversary.Share)
			return precision, nil
		}},
		{"line-precision", "p²/(1−p)·ln(1/p): the precision of `first-spy` on a line without end", func(s Settings) (float64, error) {
			return score.LinePrecision(s.Sim.Adversary.Share), nil
		}},
		{"line-entropy", "the entropy, in bits, of the belief of who knows that line", func(s Settings) (float64, error) {
			return score.LineEntropy(s.Sim.Adversary.Share), nil
		}},
		{"tree-first-timestamp", "the recall of `first-timestamp` on a tree of `graph.degree` without end, `adversary.theta` connections to each node, diffusion with equal means", func(s Settings) (float64, error) {
			return score.TreeFirstTimestamp(s.Graph.Degree, float64(s.Sim.Adversary.Theta))
		}},
		{"tree-centrality", "the recall of `rumour-centre` and `reporting-centre` on such a tree, after a long time", func(s Settings) (float64, error) {
			return score.TreeCentrality(s.Graph.Degree)
		}},
		{"source-fires", "how often the source itself makes public what black holes swallow: stems that never end, hops of `links.median`", sourceFires},
	}
}

// sourceFires takes the share of nodes that swallow stems, spies or not.
func sourceFires(s Settings) (float64, error) {
	holes := s.Sim.Faults.BlackHoles
	if s.Sim.Adversary.Kind == sim.Spies && s.Sim.Adversary.Silent {
		holes = s.Sim.Adversary.Share
	}
	if !(holes > 0) {
		return 0, fmt.Errorf("no node swallows stems: faults.black_holes is %v", holes)
	}
	return spy.SourceFires(holes, s.Sim.Links.Median, s.Sim.Dandelion.Embargo), nil
}

// evaluated reads a published value that is a formula's: one of each point that is meant.
func (r *reader) evaluated(t *table, p Published) []Published {
	name := t.text("formula")
	all := Formulas()
	i := slices.IndexFunc(all, func(f Formula) bool { return f.Name == name })
	if i < 0 {
		names := make([]string, len(all))
		for i, f := range all {
			names[i] = f.Name
		}
		t.doc.fail(t.at("formula"), "formula %q is not known: there are %s", name, strings.Join(names, ", "))
		return nil
	}
	if t.values["value"] != nil {
		t.doc.fail(t.at("value"), "value = %s beside formula = %q: allowed is one of the two", show(t.values["value"]), name)
		return nil
	}
	var out []Published
	for _, point := range r.out.Points {
		if !r.out.matches(point, p.At) {
			continue
		}
		v, err := all[i].of(point.Settings)
		if err != nil {
			t.doc.fail(t.at("formula"), "formula = %q has no value at %s: %v", name, strings.Join(point.Labels(), ", "), err)
			return nil
		}
		q := p
		q.Value, q.At = v, map[string]any{}
		for k, axis := range r.out.Axes {
			q.At[axis] = point.Values[k]
		}
		out = append(out, q)
	}
	return out
}

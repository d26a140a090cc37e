package study

import "strings"

// expand makes the points: all combinations of the variants and the axes, in the
// order of the text, the last axis the fastest.
func (r *reader) expand() {
	s := r.out
	count := max(len(r.variants), 1)
	for _, a := range r.axes {
		if count > maxPoints/len(a.values) {
			r.top.doc.fail("axes", "the axes make more than %d points", maxPoints)
			return
		}
		count *= len(a.values)
	}
	if len(r.variants) > 0 {
		s.Axes = append(s.Axes, Variant)
	}
	for _, a := range r.axes {
		s.Axes = append(s.Axes, a.key)
	}
	seen := map[string]bool{}
	for i := range count {
		p, sets := r.point(i)
		if m := p.Settings.validate(); m != nil {
			r.top.doc.fail(placeOf(m.key, sets), "%s", m.text)
			return
		}
		p.ID = p.Settings.id()
		if seen[p.ID] {
			r.top.doc.fail("axes", "two points have equal settings: %s", strings.Join(p.Labels(), ", "))
			return
		}
		seen[p.ID] = true
		s.Points = append(s.Points, p)
	}
}

// point makes the i-th point, and returns what was set for it, in order.
func (r *reader) point(i int) (Point, []leaf) {
	sets := append([]leaf(nil), r.base...)
	values := make([]any, len(r.axes))
	var swept []leaf
	for k := len(r.axes) - 1; k >= 0; k-- {
		a := r.axes[k]
		values[k] = a.values[i%len(a.values)]
		i /= len(a.values)
		swept = append(swept, leaf{a.key, a.path, values[k]})
	}
	if len(r.variants) > 0 {
		sets = append(sets, r.variants[i].sets...)
		values = append([]any{r.variants[i].name}, values...)
	}
	sets = append(sets, swept...)
	settings := defaultSettings()
	for _, l := range sets {
		if err := r.key(l.key).put(&settings, l.value); err != nil {
			r.top.doc.fail(l.path, "%v", err) // tried before: cannot be
		}
	}
	return Point{Values: values, Settings: settings}, sets
}

// placeOf is where a key was set last, or any of its group, or the base.
func placeOf(key string, sets []leaf) string {
	place := "base"
	group, _, _ := strings.Cut(key, ".")
	for _, l := range sets {
		if l.key == key {
			place = l.path
		}
	}
	if place != "base" || key == "" {
		return place
	}
	for _, l := range sets {
		if strings.HasPrefix(l.key, group+".") {
			place = l.path
		}
	}
	return place
}

// Labels are the point's values as texts.
func (p Point) Labels() []string {
	out := make([]string, len(p.Values))
	for i, v := range p.Values {
		out[i] = label(v)
	}
	return out
}

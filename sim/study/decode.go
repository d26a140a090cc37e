package study

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

const (
	// maxSeeds bounds the replicas of a point: ten times what any source uses.
	maxSeeds = 10_000

	// maxPoints bounds an expansion: each point costs about a kilobyte.
	maxPoints = 10_000
)

// Decode reads a scenario, or its short form. It never opens a file. An error
// names the line, the key and what is allowed.
func Decode(name, text string, short bool) (*Scenario, error) {
	doc, err := parse(name, text)
	if err != nil {
		return nil, err
	}
	r := reader{
		top:  &table{doc: doc, values: doc.values},
		keys: Keys(),
		out:  &Scenario{Text: text, Short: short},
	}
	r.read()
	if err := doc.err(); err != nil {
		return nil, err
	}
	return r.out, nil
}

// reader makes a scenario of a document.
type reader struct {
	top  *table
	keys []Key
	out  *Scenario

	base     []leaf // settings of all points; later ones win
	variants []variant
	axes     []axis
}

// variant is a named set of settings.
type variant struct {
	name string
	sets []leaf
}

// axis is a setting with several values.
type axis struct {
	leaf
	values []any
}

func (r *reader) read() {
	t, s := r.top, r.out
	s.Name, s.Title, s.Description, s.Source = t.word("name"), t.word("title"), t.text("description"), t.text("source")
	s.Long = t.flag("long")
	s.Seed = uint64(t.whole("seed", 0, math.MaxInt64, 1))
	s.Seeds = int(t.whole("seeds", 1, maxSeeds, 1))
	s.Metrics = t.words("metrics")
	r.checkMetrics()

	base, axes := t.table("base"), t.table("axes")
	r.base = r.settings(base)
	for _, v := range t.tables("variants") {
		name := v.word("name")
		r.variants = append(r.variants, variant{name, r.settings(v.table("set"))})
		v.end()
	}
	r.axes = r.swept(axes)
	short := t.table("short")
	if s.Short {
		r.shorten(short)
	}
	plot := t.table("plot")
	published := t.tables("published")
	if len(t.doc.faults) > 0 {
		return
	}
	r.expand()
	r.readPublished(published)
	r.readExpected(short)
	r.readPlot(plot)
	t.end()
}

func (r *reader) checkMetrics() {
	for _, name := range r.out.Metrics {
		if _, ok := FindMetric(name); !ok {
			r.top.doc.fail("metrics", "metric %q is not known: there are %s", name, strings.Join(metricNames(), ", "))
		}
	}
	if len(r.out.Metrics) == 0 {
		r.top.doc.fail("metrics", "metrics are missing: name one at least of %s", strings.Join(metricNames(), ", "))
	}
}

// settings reads a table of settings and tries each.
func (r *reader) settings(t *table) []leaf {
	all := leaves(t.path, "", t.values)
	for _, l := range all {
		r.try(l, l.value)
	}
	return all
}

func (r *reader) key(name string) *Key {
	if i := slices.IndexFunc(r.keys, func(k Key) bool { return k.Name == name }); i >= 0 {
		return &r.keys[i]
	}
	return nil
}

// try notes what is wrong with one value of a setting.
func (r *reader) try(l leaf, v any) {
	k := r.key(l.key)
	if k == nil {
		r.top.doc.fail(l.path, "unknown key %s: %s", l.key, r.near(l.key))
		return
	}
	scratch := defaultSettings()
	if err := k.put(&scratch, v); err != nil {
		r.top.doc.fail(l.path, "%v", err)
	}
}

// near names the settings beside an unknown one.
func (r *reader) near(name string) string {
	group, _, nested := strings.Cut(name, ".")
	var names []string
	for _, k := range r.keys {
		if nested && strings.HasPrefix(k.Name, group+".") {
			names = append(names, k.Name)
		}
	}
	if len(names) > 0 {
		return "there are " + strings.Join(names, ", ")
	}
	for _, k := range r.keys {
		head, _, _ := strings.Cut(k.Name, ".")
		if !slices.Contains(names, head) {
			names = append(names, head)
		}
	}
	return "settings begin with " + strings.Join(names, ", ")
}

// swept reads the axes, in the order of the text.
func (r *reader) swept(t *table) []axis {
	var all []axis
	for _, l := range leaves(t.path, "", t.values) {
		values, ok := l.value.([]any)
		if !ok || len(values) == 0 {
			t.doc.fail(l.path, "%s is %s: a list of values is wanted", l.key, show(l.value))
			continue
		}
		for _, v := range values {
			r.try(l, v)
		}
		all = append(all, axis{l, values})
	}
	slices.SortStableFunc(all, func(a, b axis) int { return t.doc.place(a.path) - t.doc.place(b.path) })
	return all
}

// shorten replaces what the short form has otherwise.
func (r *reader) shorten(t *table) {
	r.out.Seeds = int(t.whole("seeds", 1, maxSeeds, int64(r.out.Seeds)))
	r.base = append(r.base, r.settings(t.table("base"))...)
	for _, a := range r.swept(t.table("axes")) {
		i := slices.IndexFunc(r.axes, func(b axis) bool { return a.key == b.key })
		if i < 0 {
			t.doc.fail(a.path, "%s is no axis of the scenario", a.key)
			continue
		}
		r.axes[i].values = a.values
	}
	names := t.words("variants")
	for _, name := range names {
		if !slices.ContainsFunc(r.variants, func(v variant) bool { return v.name == name }) {
			t.doc.fail(t.at("variants"), "there is no variant %q", name)
		}
	}
	if names != nil {
		r.variants = slices.DeleteFunc(r.variants, func(v variant) bool { return !slices.Contains(names, v.name) })
	}
}

func (r *reader) readPublished(tables []*table) {
	for _, t := range tables {
		p := Published{
			At: r.where(t, !r.out.Short), Metric: r.metric(t), Value: t.number("value"), Kind: t.word("kind"),
			Within: t.number("within"), Source: t.text("source"),
		}
		if p.Kind != "published" && p.Kind != "derived" {
			t.doc.fail(t.at("kind"), `kind = %q: allowed is "published" or "derived"`, p.Kind)
		}
		if p.Within < 0 {
			t.doc.fail(t.at("within"), "within = %v: allowed is 0 or more", p.Within)
		}
		all := []Published{p}
		if t.get("formula") != nil {
			all = r.evaluated(t, p)
		}
		t.end()
		r.out.Published = append(r.out.Published, all...)
	}
}

func (r *reader) readExpected(short *table) {
	for _, key := range []string{"seeds", "base", "axes", "variants"} {
		short.get(key) // read above, or not wanted
	}
	for _, t := range short.tables("expect") {
		e := Expected{At: r.where(t, r.out.Short), Metric: r.metric(t), Low: t.number("low"), High: t.number("high"), Because: t.word("because")}
		if e.Low > e.High {
			t.doc.fail(t.at("high"), "high = %v is below low = %v", e.High, e.Low)
		}
		t.end()
		if r.out.Short {
			r.out.Expected = append(r.out.Expected, e)
		}
	}
	short.end()
}

func (r *reader) metric(t *table) string {
	name := t.word("metric")
	if name != "" && !slices.Contains(r.out.Metrics, name) {
		t.doc.fail(t.at("metric"), "metric %q is not measured here: there are %s", name, strings.Join(r.out.Metrics, ", "))
	}
	return name
}

// where reads the values of axes that say which points are meant.
func (r *reader) where(t *table, mustMatch bool) map[string]any {
	at := map[string]any{}
	for _, l := range leaves(t.at("at"), "", t.table("at").values) {
		if !slices.Contains(r.out.Axes, l.key) {
			t.doc.fail(l.path, "%s is no axis: there are %s", l.key, strings.Join(r.out.Axes, ", "))
			return at
		}
		at[l.key] = l.value
	}
	if mustMatch && !slices.ContainsFunc(r.out.Points, func(p Point) bool { return r.out.matches(p, at) }) {
		t.doc.fail(t.at("at"), "there is no such point")
	}
	return at
}

func (r *reader) readPlot(t *table) {
	p := Plot{X: t.text("x"), LogX: t.flag("log_x"), LogY: t.flag("log_y")}
	if p.X != "" && !slices.Contains(r.out.Axes, p.X) {
		t.doc.fail(t.at("x"), "x = %q is no axis: there are %s", p.X, strings.Join(r.out.Axes, ", "))
	}
	t.end()
	r.out.Plot = p
}

// label writes one of a point's values.
func label(v any) string {
	if x, ok := float(v); ok {
		return fmt.Sprint(x)
	}
	return fmt.Sprint(v)
}

package study

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// table reads one table of a document. What is wrong is noted there, and the zero
// value read instead.
type table struct {
	doc    *document
	path   string
	values map[string]any
	known  []string // keys that were asked for
}

// get returns a key's value, nil if there is none.
func (t *table) get(key string) any {
	t.known = append(t.known, key)
	return t.values[key]
}

func (t *table) at(key string) string { return join(t.path, key) }

// text reads a string.
func (t *table) text(key string) string {
	v := t.get(key)
	s, ok := v.(string)
	if v != nil && !ok {
		t.doc.fail(t.at(key), "%s is %s: a text is wanted", key, show(v))
	}
	return s
}

// word reads a string that must be there.
func (t *table) word(key string) string {
	s := t.text(key)
	if s == "" {
		t.doc.fail(t.at(key), "%s is missing", key)
	}
	return s
}

// flag reads a boolean.
func (t *table) flag(key string) bool {
	v := t.get(key)
	b, ok := v.(bool)
	if v != nil && !ok {
		t.doc.fail(t.at(key), "%s is %s: true or false is wanted", key, show(v))
	}
	return b
}

// whole reads a whole number of a range, both ends in it.
func (t *table) whole(key string, low, high, otherwise int64) int64 {
	v := t.get(key)
	if v == nil {
		return otherwise
	}
	n, ok := v.(int64)
	if !ok || n < low || n > high {
		t.doc.fail(t.at(key), "%s is %s: a whole number from %d to %d is wanted", key, show(v), low, high)
		return otherwise
	}
	return n
}

// number reads any finite number.
func (t *table) number(key string) float64 {
	v := t.get(key)
	if v == nil {
		return 0
	}
	x, ok := float(v)
	if !ok {
		t.doc.fail(t.at(key), "%s is %s: a number is wanted", key, show(v))
	}
	return x
}

// words reads a list of strings.
func (t *table) words(key string) []string {
	v := t.get(key)
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		t.doc.fail(t.at(key), "%s is %s: a list of texts is wanted", key, show(v))
		return nil
	}
	var out []string
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			t.doc.fail(t.at(key), "%s holds %s: a list of texts is wanted", key, show(v))
			return nil
		}
		out = append(out, s)
	}
	return out
}

// table reads a table in this one; it is empty if there is none.
func (t *table) table(key string) *table {
	v := t.get(key)
	sub, ok := v.(map[string]any)
	if v != nil && !ok {
		t.doc.fail(t.at(key), "%s is %s: a table is wanted", key, show(v))
	}
	return &table{doc: t.doc, path: t.at(key), values: sub}
}

// tables reads an array of tables.
func (t *table) tables(key string) []*table {
	v := t.get(key)
	if v == nil {
		return nil
	}
	list, ok := v.([]map[string]any)
	if !ok {
		t.doc.fail(t.at(key), "%s is %s: tables headed [[%s]] are wanted", key, show(v), t.at(key))
		return nil
	}
	out := make([]*table, len(list))
	for i, values := range list {
		out[i] = &table{doc: t.doc, path: fmt.Sprintf("%s[%d]", t.at(key), i), values: values}
	}
	return out
}

// end notes the keys that nobody asked for.
func (t *table) end() {
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if !slices.Contains(t.known, key) {
			t.doc.fail(t.at(key), "unknown key %s: there are %s", key, strings.Join(slices.Sorted(slices.Values(t.known)), ", "))
		}
	}
}

// show writes a value as a scenario would.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case map[string]any, []map[string]any:
		return "a table"
	case []any:
		return "a list"
	}
	return fmt.Sprint(v)
}

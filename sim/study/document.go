package study

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

const (
	// maxText bounds a scenario's text: ten times the largest of the library.
	maxText = 64 << 10

	// maxLines bounds its lines, because finding the line of a fault takes time
	// that grows with their square: 2,000 take less than a second.
	maxLines = 2000
)

// document is a TOML text that is being read. It keeps the faults that readers
// find, and knows their lines.
type document struct {
	name   string
	text   string
	values map[string]any
	keys   []toml.Key // in the order of the text
	faults []fault
}

type fault struct {
	path string
	text string
}

func parse(name, text string) (*document, error) {
	if len(text) > maxText || strings.Count(text, "\n") > maxLines {
		return nil, fmt.Errorf("%s: too long for a scenario: at most %d bytes and %d lines", name, maxText, maxLines)
	}
	d := &document{name: name, text: text}
	meta, err := toml.Decode(text, &d.values)
	if err != nil {
		if p, ok := errors.AsType[toml.ParseError](err); ok {
			return nil, fmt.Errorf("%s:%d: %s", name, p.Position.Line, p.Message)
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d.keys = meta.Keys()
	return d, nil
}

// fail notes what is wrong with the value at a path.
func (d *document) fail(path, format string, args ...any) {
	d.faults = append(d.faults, fault{path, fmt.Sprintf(format, args...)})
}

// err returns the fault that stands first in the text.
func (d *document) err() error {
	if len(d.faults) == 0 {
		return nil
	}
	lines := d.lines()
	first, least := d.faults[0], 0
	for _, f := range d.faults {
		if at := lines.of(f.path); least == 0 || at < least {
			first, least = f, at
		}
	}
	return fmt.Errorf("%s:%d: %s", d.name, least, first.text)
}

// positions are the lines, from 1, by path.
type positions map[string]int

// of returns the line of a path, or of the nearest table around it; 1 if there
// is none.
func (p positions) of(path string) int {
	for path != "" {
		if line, ok := p[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return 1
}

// lines finds the line of each key. The decoder keeps no positions, so it is given
// the text in the smallest pieces that it understands: a header, or a key with
// its value.
func (d *document) lines() positions {
	found := positions{}
	var (
		context string         // the table that keys belong to
		tables  map[string]int // arrays of tables, and how many each has so far
		piece   strings.Builder
		number  int
		begin   = 1
	)
	tables = map[string]int{}
	for line := range strings.Lines(d.text) {
		number++
		piece.WriteString(line)
		meta, err := toml.Decode(piece.String(), &map[string]any{})
		if err != nil {
			continue // within a value of several lines
		}
		keys, header := meta.Keys(), strings.HasPrefix(strings.TrimSpace(piece.String()), "[")
		for _, key := range keys {
			if header {
				context = indexed(key, tables, strings.HasPrefix(strings.TrimSpace(piece.String()), "[["))
				found.note(context, begin)
				continue
			}
			found.note(join(context, key...), begin)
		}
		piece.Reset()
		begin = number + 1
	}
	return found
}

// note keeps the line of a path and, unless they have one, of the tables around it.
func (p positions) note(path string, line int) {
	for path != "" {
		if _, known := p[path]; known {
			return
		}
		p[path] = line
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
}

// indexed is the path of a header within arrays of tables.
func indexed(key toml.Key, tables map[string]int, isArray bool) string {
	path := ""
	for i, part := range key {
		path = join(path, part)
		last := i == len(key)-1
		if last && isArray {
			tables[path]++
		}
		if n := tables[path]; n > 0 {
			path += "[" + strconv.Itoa(n-1) + "]"
		}
	}
	return path
}

func join(path string, parts ...string) string {
	if path == "" {
		return strings.Join(parts, ".")
	}
	return path + "." + strings.Join(parts, ".")
}

// leaf is a value that is no table, and where it stands.
type leaf struct {
	key   string // within the table that it was looked for in
	path  string // within the document
	value any
}

// leaves returns the values of a table and of those in it, by key.
func leaves(path, prefix string, values map[string]any) []leaf {
	var all []leaf
	for name, v := range values {
		key := join(prefix, name)
		if sub, ok := v.(map[string]any); ok {
			all = append(all, leaves(join(path, name), key, sub)...)
			continue
		}
		all = append(all, leaf{key, join(path, name), v})
	}
	slices.SortFunc(all, func(a, b leaf) int { return strings.Compare(a.key, b.key) })
	return all
}

// place is where a path stands among all keys of the text.
func (d *document) place(path string) int {
	return slices.IndexFunc(d.keys, func(k toml.Key) bool { return strings.Join(k, ".") == path })
}

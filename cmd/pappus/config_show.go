package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type configShowCommand struct{ nodeFlags }

func (*configShowCommand) examples() [2]string {
	return [2]string{
		"pappus config show",
		"pappus config show --network regtest --json",
	}
}

// setting is one value and where it comes from.
type setting struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	From  string `json:"from"`
}

// secrets are the settings whose values are not shown.
func secrets() []string { return []string{"rpcpassword", "rpcauth"} }

// hidden stands for a value that is not shown.
const hidden = "(set, not shown)"

// Run shows the settings that a node would run with, and where each comes from.
func (*configShowCommand) Run(g globals, from provenance, term terminal) error {
	all := from.settings()
	if g.JSON {
		return term.printJSON(all)
	}
	rows := [][]string{{"SETTING", "VALUE", "FROM"}}
	for _, s := range all {
		rows = append(rows, []string{s.Name, shown(s.Value), s.From})
	}
	return term.table(rows)
}

// shown writes a value for people.
func shown(value any) string {
	switch v := value.(type) {
	case []string:
		return strings.Join(v, " ")
	default:
		return fmt.Sprint(v)
	}
}

type configValidateCommand struct{ nodeFlags }

func (*configValidateCommand) examples() [2]string {
	return [2]string{
		"pappus config validate",
		"pappus config validate --datadir /var/lib/pappus && systemctl restart pappus",
	}
}

// Run says whether a node would start with the settings. That the file's keys are known
// and values fit is seen before.
func (c *configValidateCommand) Run(g globals, from provenance, term terminal) error {
	if err := c.config(g).Validate(); err != nil {
		return &usageError{err}
	}
	changed := 0
	for _, s := range from.settings() {
		if s.From != fromDefault {
			changed++
		}
	}
	if g.JSON {
		return term.printJSON(map[string]any{"valid": true, "changed": changed})
	}
	return term.printf("the settings are valid; %d of them are not at their defaults (pappus config show)\n", changed)
}

// provenance knows where the values of the settings come from.
type provenance struct {
	parsed      *kong.Context
	environment environment
}

// fromDefault is the source of a setting that nobody has set.
const fromDefault = "default"

// settings returns all of the selected command's, sorted by name.
func (p provenance) settings() []setting {
	given := &file{environment: p.environment}
	_ = given.read(p.parsed) // parsing has read it without an error
	var all []setting
	for _, group := range p.parsed.Selected().AllFlags(false) {
		for _, f := range group {
			if !isSetting(p.parsed.Model, f.Name) {
				continue
			}
			s := setting{Name: f.Name, Value: valueOf(p.parsed, f), From: p.from(f.Name, given)}
			if slices.Contains(secrets(), f.Name) && !reflect.ValueOf(s.Value).IsZero() {
				s.Value = hidden
			}
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b setting) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// valueOf is a flag's value; durations and levels are written as one types them.
func valueOf(parsed *kong.Context, f *kong.Flag) any {
	value := parsed.FlagValue(f)
	if s, ok := value.(fmt.Stringer); ok {
		return strings.ToLower(s.String())
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Slice && v.IsNil() {
		return []string{}
	}
	return value
}

// from names the source that counts: flags, then the environment, then the file.
func (p provenance) from(name string, given *file) string {
	for _, at := range p.parsed.Path {
		if at.Flag != nil && at.Flag.Name == name && !at.Resolved {
			return "flag --" + name
		}
	}
	if _, ok := p.environment.value(name); ok {
		return variable(name)
	}
	if _, ok := given.values[name]; ok && name != "datadir" {
		return given.path
	}
	return fromDefault
}

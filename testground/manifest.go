package testground

import (
	_ "embed" // the manifest
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

//go:embed manifest.toml
var manifest string

// Errors of what a run is asked for. They say what there is.
var (
	ErrNoCase     = errors.New("no such case")
	ErrNoParam    = errors.New("no such parameter")
	ErrBadParam   = errors.New("wrong value of a parameter")
	ErrInstances  = errors.New("number of instances out of range")
	errUnparsable = errors.New("manifest is damaged")
)

// Manifest is what manifest.toml says.
type Manifest struct {
	Name  string
	Cases []Case `toml:"testcases"`
	Every struct {
		Params map[string]Param
	}
}

// Case is one thing that the plan can do.
type Case struct {
	Name      string
	Instances Range
	Params    map[string]Param
}

// Range is how many instances a case runs with, both ends included.
type Range struct{ Min, Max, Default int }

// Param is one parameter.
type Param struct {
	Type    string // int, float, duration or string
	Desc    string
	Unit    string
	Default any
}

// Read returns the manifest.
func Read() (Manifest, error) {
	var m Manifest
	if _, err := toml.Decode(manifest, &m); err != nil {
		return m, fmt.Errorf("%w: %w", errUnparsable, err)
	}
	for i := range m.Cases {
		maps.Copy(m.Cases[i].Params, m.Every.Params)
	}
	return m, nil
}

// Case returns the case of a name.
func (m Manifest) Case(name string) (Case, error) {
	names := make([]string, 0, len(m.Cases))
	for _, c := range m.Cases {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return Case{}, fmt.Errorf("%w: %q: there are %s", ErrNoCase, name, strings.Join(names, ", "))
}

// Fits says whether the case runs with n instances.
func (c Case) Fits(n int) error {
	if n < c.Instances.Min || n > c.Instances.Max {
		return fmt.Errorf("%w: %s takes %d to %d, not %d", ErrInstances, c.Name, c.Instances.Min, c.Instances.Max, n)
	}
	return nil
}

// Fill returns a value for each parameter of the case: the given ones, checked, and
// the defaults of the others.
func (c Case) Fill(given map[string]string) (map[string]string, error) {
	filled := make(map[string]string, len(c.Params))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		p, ok := c.Params[name]
		if !ok {
			return nil, fmt.Errorf("%w: %q: %s has %s", ErrNoParam, name, c.Name, strings.Join(slices.Sorted(maps.Keys(c.Params)), ", "))
		}
		if err := p.check(given[name]); err != nil {
			return nil, fmt.Errorf("%w: %s=%s: %w", ErrBadParam, name, given[name], err)
		}
		filled[name] = given[name]
	}
	for name, p := range c.Params {
		if _, ok := filled[name]; !ok {
			filled[name] = fmt.Sprint(p.Default)
		}
	}
	return filled, nil
}

// check says whether a text is a value of the parameter's type. Numbers and times are
// never negative.
func (p Param) check(text string) error {
	// The SDK packs parameters as NAME=VALUE|NAME=VALUE and loses what breaks that.
	if strings.ContainsAny(text, "=|") {
		return errors.New("a value cannot have = or | in it")
	}
	var err error
	negative := false
	switch p.Type {
	case "int":
		var n int
		n, err = strconv.Atoi(text)
		negative = n < 0
	case "float":
		var x float64
		x, err = strconv.ParseFloat(text, 64)
		negative = x < 0
		if math.IsNaN(x) || math.IsInf(x, 0) {
			err = errors.New("not a number")
		}
	case "duration":
		var d time.Duration
		d, err = time.ParseDuration(text)
		negative = d < 0
	}
	switch {
	case err != nil:
		return fmt.Errorf("write it as %s: %w", p.form(), err)
	case negative:
		return errors.New("it cannot be negative")
	}
	return nil
}

// form is what a value looks like.
func (p Param) form() string {
	switch p.Type {
	case "duration":
		return "a number with its unit, like 250ms or 1m"
	case "float":
		return "a number, like 0.2"
	}
	return "a whole number"
}

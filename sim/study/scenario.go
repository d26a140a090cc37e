package study

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Scenario is a sweep: points, each run on so many graphs, and what others have
// published about them.
type Scenario struct {
	Name        string
	Title       string // one line
	Description string
	Source      string // of the published values and of the set-up
	Long        bool   // takes more than two minutes on two cores
	Short       bool   // it is the short form

	Seed  uint64
	Seeds int // graphs a point, each with its spies: replicas

	Metrics   []string
	Axes      []string // what the points differ in, the slowest first
	Points    []Point
	Published []Published
	Expected  []Expected
	Plot      Plot

	Text string // that it was read from
	dir  string // that its files are looked for in
}

// Point is one combination of the axes' values.
type Point struct {
	ID       string
	Values   []any // one an axis
	Settings Settings
}

// Published is a value that somebody else has, or that a formula gives.
type Published struct {
	At     map[string]any // axis → value; axes that are not in it may have any
	Metric string
	Value  float64
	Kind   string  // "published" or "derived"
	Within float64 // what its source says of its accuracy
	Source string
}

// Expected bounds a metric of the short form, for tests.
type Expected struct {
	At        map[string]any
	Metric    string
	Low, High float64
	Because   string
}

// Plot says how to draw the points.
type Plot struct {
	X    string // axis; "" = the last one that has numbers
	LogX bool
	LogY bool
}

// Variant is the name of the axis whose values are the scenario's variants.
const Variant = "variant"

// Version names what the scenario measures: results of another version cannot be
// added to. Its texts, its published values and the number of graphs are no part
// of it, so that a sweep can be extended.
func (s *Scenario) Version() string {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, s.Seed) // a hash takes everything
	for _, p := range s.Points {
		h.Write([]byte(p.ID))
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// SeedOf returns the seed of one run. It depends on nothing but its arguments and the
// scenario's own seed, so that runs can be made in any order and any number.
func (s *Scenario) SeedOf(p Point, replica int) uint64 {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, [2]uint64{s.Seed, uint64(replica)})
	h.Write([]byte(p.ID))
	return binary.LittleEndian.Uint64(h.Sum(nil))
}

// matches says whether the point has the values.
func (s *Scenario) matches(p Point, at map[string]any) bool {
	for i, axis := range s.Axes {
		if want, ok := at[axis]; ok && !same(want, p.Values[i]) {
			return false
		}
	}
	return true
}

// same compares two values of a TOML text, in which 1 and 1.0 differ.
func same(a, b any) bool {
	x, isNumber := float(a)
	y, alsoNumber := float(b)
	if isNumber && alsoNumber {
		return x == y
	}
	return a == b
}

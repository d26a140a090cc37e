package api

import "context"

// Limits answers what bounds the node's links.
type Limits interface {
	// Bounds returns them in the order in which to read them.
	Bounds() []Limit
}

// Limit is one bound.
type Limit struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	By     string  `json:"by"`     // who holds it
	Origin string  `json:"origin"` // what it follows from
}

func (d *dispatcher) limitMethods() []method {
	return []method{{
		name: "getlimits", handle: d.getLimits,
		summary: "Returns every limit on links with its unit, who holds it, and the setting or the source that it follows from.",
	}}
}

func (d *dispatcher) getLimits(context.Context, arguments) (any, error) {
	return d.Limits.Bounds(), nil
}

// Package tally turns arrivals of transactions, which the instances of a run report,
// into the figures that docs/measurements.md gives as well. It is pure.
package tally

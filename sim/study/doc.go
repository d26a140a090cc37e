// Package study measures: it reads a scenario, runs its points on many random
// graphs over all cores, keeps what was found, and sets it beside what others
// have published.
//
//	scenario.toml ─▶ Decode ─▶ points ─▶ Sweep ─▶ results.jsonl ─▶ Rows ─▶ package report
//	                                      │ each run: graph, sim.Network, estimator, metrics
//
// A scenario has a base, axes that are swept, and variants, which are named sets of
// settings. A point is one combination of them; it is run on so many graphs,
// each with spies of its own. Everything that is sent on one graph is one
// observation: intervals count graphs, not transactions.
//
// A run's seed depends on the scenario's seed, the point's settings and the
// replica's number, so that runs can be made in any order, a sweep can be cut off and
// taken up again, and one run can be replayed.
//
// The ready scenarios are in the folder scenarios, one for each published result
// and one for each mechanism and adversary. docs/measuring.md says how to write
// another.
package study

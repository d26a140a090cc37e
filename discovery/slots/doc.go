// Package slots decides which links to open, keep and drop. So far it decides
// how links rotate (mechanisms 28 and 82): an observer who has placed itself
// next to a node does not stay there.
//
//	idle ── mean 30 min, exponential ──▶ Dial a candidate
//	 ▲                                        │ up
//	 └──────── Drop a link that may go ◀──────┘
//
// One link at a time changes, and the new one is up before the old one goes, so
// that the number of links never falls below the target.
//
// The package is pure: time and chance are arguments, results are values.
package slots

// Package score is how good an adversary is, and how good a network: precision and
// recall, latency, fairness, order and cost, with their intervals (mechanisms 65–69 and
// 85).
//
// All are functions of slices. Where a paper defines a figure its definition holds, and
// the comment says which; where none does, the comment says what ours is and why.
// Figures that are known in closed form are here too ([LinePrecision],
// [TreeFirstTimestamp], [LowerBounds]): a measurement is drawn beside them, and no
// protocol can be better than the last.
//
// The package is pure, and imports nothing of ours.
package score

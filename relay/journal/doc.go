// Package journal keeps the lives of the operator's own transactions: submitted,
// stemmed, fluffed by whom, seen back, mined. It is on disk, for its owner alone;
// nothing of it leaves the process but by the operator's own API.
//
//	waiting ─▶ stemmed ─▶ fluffed ─▶ seen ─▶ mined
//	    └────────┴──────────┴─────────┴──▶ dropped
//
// Of the peers that show a transaction back it keeps how many and of how many
// netgroups, not which.
package journal

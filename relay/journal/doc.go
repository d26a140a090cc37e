// Package journal keeps the lives of the operator's own transactions: submitted,
// stemmed, fluffed by whom, seen back, mined. It is on disk, for its owner alone;
// nothing of it leaves the process but by the operator's own API.
//
//	waiting ─▶ stemmed ─▶ fluffed ─▶ seen ─▶ mined ─▶ (reorganised) seen
//	    └────────┴──────────┴─────────┴──▶ dropped ─▶ (published by others) fluffed
//
// A submission is on disk, and safe from a power cut, before anything is sent; of
// all else a crash loses a second. Of the peers that show a transaction back it
// keeps how many and of how many netgroups, not which. Entries that are over are
// kept for 30 days, and 10,000 in all.
//
// Advice is a function of an entry, the time and the situation: why a transaction
// is stuck and what to do about it.
package journal

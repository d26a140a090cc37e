// Package headertree holds every accepted header of one network, all branches,
// checked by btcd's rules: what a node serves while it is still fetching blocks,
// and what decides which chain is worth fetching.
//
//	genesis ── h1 ── h2 ── h3 ── h4        best: most work among the valid
//	                  └─── h3' ── h4'      known, served by hash, not by height
//
// The tree is memory only; the chain package writes what Add returns to disk
// and gives it back through Restore. It is safe for concurrent use and readers
// never wait for the validation of a block: the lock is held for the time of one
// batch of headers at most (2,000, about 5 ms).
//
// A header costs about 200 bytes: its own 80 less the parent's hash, its own
// hash, 32 bytes of cumulative work, two pointers and an entry of the map.
package headertree

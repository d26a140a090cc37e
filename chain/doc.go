// Package chain decides what is valid and keeps it: btcd's blockchain on ffldb,
// its mempool and its miner behind one type, beside a header index of our own.
//
//	AcceptHeaders ─► headertree ─► headers of the store      who has most work?
//	                    │
//	Accept ─► body fits header? ─► btcd's blockchain ─► ffldb  is it valid?
//	                                  │ connected, disconnected
//	                                  └─► Tip · mempool · subscribers
//
// Headers are authoritative in the tree, by btcd's rules, long before their
// blocks arrive; that is what is served to peers. Blocks are given to btcd only
// after their parents, so that its orphan pool stays empty. A body that does not
// belong to its header is refused before btcd sees it: the hash stays untouched
// and the honest block can still come from somebody else. A body that belongs
// and breaks a rule marks its hash invalid for good.
//
// Tip, the header tree and stored blocks are read without waiting for validation.
// Time is the machine's own clock; what peers say about time never gets in.
//
// ffldb holds minutes of metadata in memory. [Open] therefore takes the blocks
// that a killed process had written back into the database before ffldb could
// cut them off, and [Chain.Recover] connects them again.
package chain

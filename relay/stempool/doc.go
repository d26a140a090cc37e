// Package stempool holds transactions in their stem, apart from the mempool and
// apart from one another by the edge that they came over.
//
//	edge A ─▶ budget ─▶ rules, on chain ∪ mempool ∪ what A has brought ─▶ held
//	edge B ─▶ budget ─▶ rules, on chain ∪ mempool ∪ what B has brought ─▶ held
//	own ──────────────▶ the same, as one more edge
//
// What becomes of a transaction of one edge does not depend on another's: nobody
// finds out by a conflict, or by a limit, what somebody else has sent, and nobody
// uses up what others may. (Memory has an end: see [Config].) Within an edge the
// first of two that conflict is kept; against the mempool one stands only if it
// would replace there; between edges what is fluffed wins. Nothing here answers
// queries.
//
// A stem transaction passes the whole check that the mempool makes, and first a
// budget: stem relay before acceptance is free relay for spam otherwise. Signatures
// found valid are remembered by the chain's cache, so that the fluff does not pay
// for them again.
//
// A [Pool] is owned by one goroutine or lock; validating takes up to about 3 s for
// the worst transaction that is standard, and the budget pays for it. A [Shelf]
// keeps what is held on disk.
//
// Sources: S. Daftuar on Dandelion and denial of service, bitcoin.SE 81504, for
// what to defend against; Bitcoin Core's orphanage for the shape of the limits.
package stempool

// Package blocksync keeps the chain in step with its peers: headers first from
// every peer at once, then blocks from all of them in parallel, validated
// strictly in height order.
//
//	per peer   follow: headers ──> presync, if they carry little work ──> Chain.AcceptHeaders
//	           fetch:  requests ──> read: decoded and checked blocks ─┐
//	one        schedule (pure, under one lock) <──────────────────────┘
//	one        validate: Chain.Accept, block by block
//	one        attend: starts newcomers, watches the stall time-out
//
// A [Sync] is a monitor: whoever has something to tell (a reader a block, the
// validator its verdict, the node a peer) takes the lock, tells the schedule,
// and hands on what follows. Nothing waits for a loop to come round, which
// matters when validation keeps every core busy: a block costs one lock and no
// goroutine switch on its way to the validator. Nothing under the lock waits
// for the network, the disk or validation.
//
// Blocks wait for their turn within the schedule's byte budget. Headers are
// stored only once they are shown to carry enough work.
//
// Faults of peers go to the report function as errors that carry a reason code;
// an error of our own ends Run.
package blocksync

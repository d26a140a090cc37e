// Package devnet is a network of whole nodes on one machine, for looking at and playing
// with: what users run, over real libp2p links on loopback, each with a folder of its own,
// in one process or each in its own. It mines, sends signed transactions from funded keys,
// and can be taken apart: nodes are added, killed and removed, the network parted and
// healed, and a share of it made spies.
//
//	Devnet ── member (key) × n                 links, partition
//	   │         └── engine                    a node in this process, or one that is asked over its API
//	   ├── miner, payer ── purse               blocks and transactions, at intervals
//	   ├── tracer ◀── every member's bus       a transaction's stem, fluff and arrival
//	   │      └── watch ── sim/spy, sim/score  what colluding spies make of what they hear
//	   └── view, routes ── api/dashboard       the same to the page and to the commands
//
// It knows and tells all, which a real node never does: only its own transactions, of
// regtest's worthless coins, are at stake. The keys follow from the nodes' names.
package devnet

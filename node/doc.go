// Package node builds a running Pappus node from one [Config] and takes it
// down again. It is the only package that knows all the others:
//
//	host (libp2p) ── peers ── status ──┐
//	                                   ├─ blocksync ── chain ── store
//	headers, inventory, objects ── serve ┘      │
//	announce ◄──────────── BlockConnected ◄─────┘ ── bus ── log, metrics, api
//
// New starts nothing; Run starts everything in one errgroup and returns only
// after every goroutine it started has ended. Logic lives in the packages
// below; what is here is wiring, and the peer table.
package node

// Package relay spreads transactions: by flooding, diffusion, gossipsub or
// Dandelion, behind one [Mechanism] (mechanisms 64–83).
//
//	operator ── Submit ──▶ ┌───────────┐ ── Originate ─▶ stem or spread
//	stem     ── Stemmed ─▶ │   Relay   │ ── Stemmed ───▶ stem or spread
//	announce ─ Inventory ▶ │           │      ask ─▶ objects
//	gossip   ── Tx ──────▶ └───────────┘ ── Spread ────▶ announce or gossip
//
// What decides is pure and lives elsewhere: package dandelion says stem or
// fluff and to whom, relay/spread when to announce what to whom, relay/ask whom
// to ask for what was announced. The simulator drives the same packages. This
// package gives them the clock, carries out what they say and keeps two pools
// apart: the mempool, which everybody may see, and the stempool, which nobody
// may.
//
// Every node speaks every protocol, whatever it was told to use for its own
// transactions: identify must not tell nodes apart (design.md §3).
package relay

// Package dandelion decides, for each transaction, stem or fluff, to whom, and
// until when: Dandelion++ with BIP 156's names (mechanisms 78–82).
//
//	          Submit, Relay                      embargo ends
//	own ────▶ ┌──────────────┐ ── Stem ──▶ held ──────────────▶ Fluff
//	edge ───▶ │ epoch's map: │              │ Seen
//	          │ edge → stem  │              ▼
//	          └──────────────┘          forgotten
//	              │ diffuser, loop, no peer: Fluff     │ no peer yet: Wait, held
//
// A [Router] has two stem peers an epoch, drawn from the peers that the node
// dialled itself. Each inbound edge, and the node's own traffic as one more edge,
// is mapped to one of them for the epoch. Every transaction that is handed on or
// waits is held under an embargo, after which the router fluffs it itself: no
// peer can make it vanish.
//
// The package is pure: methods take the time, randomness is a source given at
// construction, results are actions. The node, the simulator and Testground drive
// this same code.
//
// Sources: Fanti et al., Dandelion++ (arXiv:1805.11060); BIP 156; for the faults
// that the tests tell of, monero-project/monero and mimblewimble/grin issues.
package dandelion

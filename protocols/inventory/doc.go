// Package inventory asks for and serves identifiers before data (mechanisms 57–59).
//
//	opener ── getblocks ──▶ locator of ≤ 101 hashes, newest first; stop hash
//	       ◀── inv ──────── ≤ 500 hashes of blocks on the main chain, ascending
//
//	opener ── mempool ────▶ (no payload)
//	       ◀── inv ──────── ≤ 1,024 ids of transactions that wait for a block
//
// Payloads are Bitcoin's:
//
//	getblocks   4 version · varint n ≤ 101 · n × 32 hash · 32 stop hash (0 = none)
//	inv         varint n · n × (4 type · 32 hash); 1 = transaction, 2 = block
//
// Only blocks that the server holds are named, so that what it offers can be
// fetched from it. Source: design.md §3.
package inventory

// Package addresses asks for and serves addresses of peers (mechanisms 41 and 42).
//
//	opener ── getaddr ──▶ (no payload)
//	       ◀── addr ───── ≤ 2,500 peers by their signed records
//
// The payload of addr is addrlist's. Each connection is given each draw once, and
// only if the peer has dialled it: an attacker who has placed addresses of his in the book
// of a node that dials him would find them again, and so the node behind its next
// address. What is served should be the same to all for a day, and at most 23 % of
// the book: that is for the [Source].
//
// A client returns only records that their peers have signed, with the addresses
// that may be dialled. Sources: design.md §3; Bitcoin Core's getaddr cache.
package addresses

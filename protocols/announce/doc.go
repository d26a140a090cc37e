// Package announce tells peers of what is new, without being asked
// (mechanisms 57, 64).
//
//	opener ── headers ──▶   1 to 1,024 headers, linked, the last one the new tip
//	opener ── inv ──────▶   1 to 1,024 ids of transactions
//	opener ── addr ─────▶   1 to 1,024 peers by their signed records
//
// One way and long-lived: each side opens a stream of its own to the other when
// it has something to say and keeps it. There is no answer. A listener that
// falls behind is told of the newest tip only.
//
// headers has the payload of the headers protocol, addr that of addresses. What an
// announcement names is fetched by the protocols for it.
//
// Source: BIP 130 for announcing blocks by their headers; design.md §3.
package announce

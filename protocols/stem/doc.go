// Package stem hands a transaction to one peer in its stem (mechanism 79).
//
//	opener ── dandeliontx ──▶   4 length · transaction · zeros, ≤ 524,288 bytes
//
// One way and long-lived, over a connection that is there already: each side opens
// a stream of its own to the other when it has something to hand on and keeps it.
// There is no answer, whatever becomes of the transaction; only a message that
// breaks the protocol ends the stream.
//
// The payload is filled up with zeros to the next power of two, 512 bytes at
// least, so that its size tells little of the transaction to whoever counts the
// bytes of a connection. There is one encoding of a transaction: the smallest.
//
// Source: BIP 156 for the message; design.md §3 for the padding.
package stem

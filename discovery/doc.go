// Package discovery finds peers and keeps a number of outbound links up: the driver
// of the address book.
//
//	Join, Leave ──▶ ┌────────┐ ── dial ──▶ peers that the book gives, of distinct netgroups
//	identify ─────▶ │ Finder │ ── feeler ▶ an entry to test, every two minutes
//	getaddr ◀─────▶ │        │ ── save ──▶ datastore, every minute
//	addr ◀────────▶ └────────┘ ── addr ──▶ its own address, and what is news
//
// What it learns comes from peers' own signed records, sent when they connect and
// announced from peer to peer, and from getaddr, asked once of every peer that the
// node has dialled. Whoever uses it tells it of peers that have completed the
// handshake, and of their end. Seeds are asked by [Finder.Seed].
package discovery

// Package netgroup says which IP addresses one party is likely to have together: links
// are to lie in many netgroups, and what one of them can do is bounded.
//
//	192.0.2.1 ──▶ 192.0.0.0/16      without a table, or where it knows nothing
//	          └─▶ AS64500           the autonomous system that announces it
//
// A prefix says little: whoever runs a large autonomous system has addresses in hundreds
// of them, and patiently fills an address book from there (Tran et al., "A Stealthier
// Partitioning Attack", S&P 2020: Erebus). A [Table] of routes is the operator's to
// give, as Bitcoin Core's -asmap; nobody else could be asked for one.
//
// The package is pure: [Read] takes the table from any reader.
package netgroup

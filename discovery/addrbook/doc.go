// Package addrbook knows addresses of peers and says which one to try next. An
// attacker who can fill it decides whom a node talks to, so that it is built for
// an attacker who has many addresses and tells of them all day.
//
//	Add ──▶ new ── Good ──▶ tried      Pick    a link, from either table
//	         ▲   contest │     │       Feeler  an entry to test, without a link
//	         └───────────┴─────┘       Share   an answer to getaddr
//	              evicted
//
// An entry is one peer at one IP address. Its slot in a table is a keyed hash that
// only this book can compute: in new, the netgroups of source and address choose
// one bucket of 1,024; in tried, those of address and host one of 256. Within the
// bucket the host alone decides: peer ids are free and ports nearly so, thus one
// host with a thousand ids has the slots of one id. An entry that is in its slot
// stays there: in new as long as it is not terrible, in tried until it has been
// dialled in vain (a contest, settled by [Book.Feeler]).
//
// To pick, a netgroup is drawn first and then one of its entries: links go to
// distinct netgroups anyway, and 8,192 addresses in 32 of them weigh as much as 32.
// Chance falls with each attempt in vain. [Book.Changes] and [Restore] keep a book
// in any key-value store, record by record; what is damaged is dropped and counted.
//
// The package imports nothing of its module, does no I/O, and takes time, chance
// and its secret as arguments. Sources: Heilman et al., "Eclipse Attacks on
// Bitcoin's Peer-to-Peer Network", USENIX Security 2015; Bitcoin Core's addrman for
// the rules and numbers; Tran et al., "A Stealthier Partitioning Attack", S&P 2020
// (Erebus), for groups by autonomous system.
package addrbook

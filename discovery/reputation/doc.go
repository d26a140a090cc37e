// Package reputation decides what a broken rule costs a peer, and who is kept out.
//
//	reason ──▶ PenaltyOf ──▶ forgive, disconnect, or ban
//	               │                                  │
//	               └──▶ accounts of peer and host ──▶ Bans, until a time
//	                    points, halved every hour     peers, hosts, subnets
//
// The rule behind the table: ban only for bytes that an honest peer cannot send
// even when it was lied to itself, since a full node checks before it passes
// anything on. Else honest nodes would ban one another over what a third one sent
// (TurtleCoin #727). Points come on top, for breaches of the contract that one bad
// release may commit but no peer need repeat; what the network does to an honest
// peer gives none, however often.
//
// Ids are free, so that points are booked to the host as well: the second id of a
// host to be banned takes the host with it. Private addresses have no account.
//
// The package is pure: time is an argument, results are values. [Ledger.Changes] and
// [Restore] keep bans in any key-value store. Sources: Bitcoin Core's banman and
// CVE-2020-14198 for why everything here is bounded and looked up by a hash; btcd's
// and dcrd's decaying scores.
package reputation

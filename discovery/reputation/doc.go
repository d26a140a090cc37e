// Package reputation decides what a broken rule costs a peer, and who is kept out.
//
//	reason ──▶ PenaltyOf ──▶ forgive, disconnect, or ban
//	                                              └──▶ Bans, until a time
//
// The rule behind the table: ban only for bytes that an honest peer cannot send
// even when it was lied to itself, since a full node checks before it passes
// anything on. Else honest nodes would ban one another over what a third one sent
// (TurtleCoin #727).
//
// The package is pure: time is an argument, results are values.
package reputation

// Package adverts decides who is told of whose address without having asked
// (mechanism 43): a node makes itself known, and its word travels on.
//
//	Own ────────▶ ┌────────┐ ── Send, own ──▶ each peer that the node has dialled, about once a day
//	Heard ──────▶ │ Router │ ── Send ───────▶ two peers, the same two all day
//	Admit ◀─────▶ └────────┘    within the sender's budget
//
// What is fresh is passed on to two peers, chosen by a keyed hash of the advert's
// peer and the day: telling the same again reaches nobody new, and nobody can
// compute whom it reaches. What a peer tells is counted against a budget before it
// costs a signature check; what is not fresh, comes in bulk, or was passed on within the
// hour stays here. Each peer's queue, and what is remembered, have an end.
//
// The package is pure: time and chance are arguments, results are values; whether an
// advert is signed by whom it names is the caller's to know. Source: Bitcoin Core's
// net_processing.cpp (RelayAddress, MaybeSendAddr, ProcessAddrs); where the rules
// differ, the reason stands beside them.
package adverts

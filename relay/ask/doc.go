// Package ask decides which announced transaction is asked from whom. It is
// pure: events come in as method calls with the time as an argument, whom to ask
// comes out as values.
//
//	Announced ─▶ delayed ─▶ ready ─Tick▶ asked ─▶ failed ─▶ when all have failed,
//	             inbound    waits for    minutes   Failed,    forgotten
//	             peers: 2 s room and for at most   time-out
//	                        its turn
//	Known, from anywhere: forgotten, with all offers
//
// An offer is one transaction that one peer has announced. Of the offers of a
// transaction at most one is asked for at a time. Ready ones whose peers have
// room are chosen from: those of outbound peers first, among equals by chance.
//
// Invariants:
//   - a peer that is silent keeps a transaction for one time-out at most;
//   - each offer is asked for once;
//   - a peer has at most InFlight transactions to send and Remembered offers. A
//     peer that offers more is not heard: it never costs another peer's offers;
//   - equal calls give equal results: no map is iterated.
//
// After Bitcoin Core's txrequest.h and txdownloadman_impl.cpp. Until Core 0.21 a
// peer could announce a transaction first, never send it, and have the others'
// announcements forgotten meanwhile (CVE-2024-52913).
package ask

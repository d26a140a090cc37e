// Package ask decides which announced transaction is asked from whom. It is
// pure: events come in as method calls with the time as an argument, whom to ask
// comes out as values.
//
//	Announced → delayed → ready → asked → failed
//	            2 s, if           60 s at
//	            inbound           most
//
// An offer is one transaction that one peer has announced. Of the offers of a
// transaction at most one is asked for at a time. Ready ones whose peers have
// room are chosen from: those of outbound peers first, among equals by chance.
//
// Invariants:
//   - a peer that is silent keeps a transaction for one time-out at most;
//   - each offer is asked for once, until its transaction is forgotten;
//   - a peer has at most InFlight transactions to send and Remembered offers. A
//     peer that offers more is not heard: it never costs another peer's offers;
//   - equal calls give equal results: no map is iterated.
//
// When all offers of a transaction have failed, it is forgotten; so it is when it
// is known, wherever it came from.
//
// After Bitcoin Core's txrequest.h and txdownloadman_impl.cpp. Before Core 0.21 a
// peer that announced a transaction first could withhold it for good
// (CVE-2024-52913).
package ask

// Package pipenet is a libp2p transport whose connections are pipes within one process:
// streams of bytes that arrive a latency later. It takes the place of TCP, TLS and yamux
// where a test runs so many hosts that these would be most of what it computes; all above
// them is the real one.
//
//	Net ─ Transport of a host ─ conn ─┬─ line there ─▶ the other's conn, its streams
//	                                  └─ line back
//
// What is as over a network: a dial takes the round trips of TCP and TLS, each connection
// keeps its bytes in order, a writer waits for a reader that lies a window behind, and a
// connection that is silent because its hosts are kept apart is given up after [Silence].
// What is not: nothing is encrypted, keys are taken at their word, links have no end of
// room (a large block takes as long as a small one), and a reader's progress shows to the
// writer at once.
package pipenet

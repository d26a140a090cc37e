// Package testhost puts libp2p hosts on a simulated network inside a
// testing/synctest bubble: QUIC over virtual links, or pipes for hosts by the
// hundred, so that a minute of silence costs a test no time and a deadline can be
// checked to the nanosecond. It knows nothing of the rest of this module but
// pipenet, so that every package's tests can use it; whole nodes on the same links
// are testnet's.
//
// What to know in a bubble: the clock starts at 2000-01-01; every goroutine must
// end before the test does; a goroutine that waits on a mutex stops the clock
// without a word; runs are not reproducible to the bit.
package testhost

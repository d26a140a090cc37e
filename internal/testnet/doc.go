// Package testnet runs whole nodes on a simulated network inside a
// testing/synctest bubble, over the hosts of testhost: sync stories with delay
// and silent peers take no time, and their deadlines can be checked. [Run] has a few
// nodes on QUIC, [RunNetwork] up to thousands on pipes; their chains are in memory.
//
// What to know in a bubble: every goroutine must end before the test does; a
// goroutine that waits on a mutex stops the clock without a word; runs are not
// reproducible to the bit.
package testnet

// Package link is the model of a link: how long a packet takes over it, and whether it
// arrives. It is pure: a packet goes in at a time and comes out with another.
//
//	packet ──▶ lost? ──▶ queue, emptied at the bandwidth ──▶ latency ± jitter ──▶ due
//
// Packets never overtake one another: jitter delays those behind as well. Real networks
// reorder a little, and netem a lot; TCP takes that for loss, which would hide the effect
// of the loss that was asked for.
package link

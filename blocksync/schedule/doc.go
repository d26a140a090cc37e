// Package schedule decides which block is asked from which peer, and when a
// peer counts as stalled. It is pure: events come in as method calls with the
// time as an argument, what to do comes out as values.
//
//	height  base                lowest                      base+Window
//	          | taken  held held | asked held asked wanted … |
//	          '---- Ready -------' '-------- Assign ----------'
//
// A plan is the row of blocks after the validated tip. Blocks are wanted until
// a peer is asked for them, held once they have arrived, taken while they are
// being validated, and leave the plan when they are done. Requests go to the
// peer that will deliver soonest, lowest heights first. A peer is kept busy for
// [Config.Horizon] at its measured rate.
//
// Invariants:
//   - the cost of blocks held and taken never exceeds Budget by more than one block;
//   - the lowest block that is not held always finds room, so a full budget
//     cannot stop the download;
//   - a block is handed out once, in height order;
//   - equal calls give equal results: no map is iterated where order matters.
//
// The window, the stall rule and its doubling time-out follow Bitcoin Core's
// net_processing.cpp (BLOCK_DOWNLOAD_WINDOW, BLOCK_STALLING_TIMEOUT_DEFAULT and
// _MAX). Shares by rate, the byte budget and duplicates are ours.
package schedule

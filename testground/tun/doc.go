// Package tun gives each process a network of its own whose only way out is a TUN
// device, and carries packets between the devices over links that are shaped: delay,
// loss, bandwidth, cuts. No kernel module is needed beside TUN itself: netem is not
// everywhere.
//
//	process ─ data0 16.0.0.2 ─▶ reader ─▶ filter, link ─▶ queue ─▶ writer ─▶ data0 16.0.0.3 ─ process
//
// The namespaces have no names and end with the processes in them: nothing is left
// behind. No packet leaves the program. It takes Linux and root.
package tun

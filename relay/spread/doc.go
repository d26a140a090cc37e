// Package spread decides when to announce which transaction to whom: flooding's
// and diffusion's schedules (mechanisms 71–76).
//
//	flooding    every transaction to every peer, one constant delay after it came
//	diffusion   a peer that we dialled has an exponential timer of its own; all
//	            peers that dialled us share one, so that an observer learns no
//	            more from many connections than from one. When a timer ends, all
//	            that has queued for its peers is announced.
//
// The package is pure: time is an argument, randomness a source, results are
// values. The node and the simulator drive it alike.
//
// Sources: Fanti and Viswanath, arXiv:1703.08761, for the two mechanisms; Bitcoin
// Core's net_processing.cpp for the means and the shared timer.
package spread

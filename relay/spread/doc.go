// Package spread decides when to announce which transaction to whom: the
// schedules of flooding and of diffusion (mechanisms 71 and 74). It is pure:
// events come in as method calls with the time as an argument, what to announce
// comes out as values.
//
//	         first                                      end
//	row        | added … added added added added added … |
//	shared timer, inbound ----------------^ next
//	own timer, outbound peer -----^ next
//	           '---- their turn has come -''-- wait -----'
//
// Everything added stands once in one row. A timer is a place in the row and a
// time: at that time everything behind the place is announced. Flooding has one
// timer for everybody, a constant delay after each transaction. Diffusion has
// one exponential timer for each outbound peer and one for all inbound peers
// together: who connects ten times hears no earlier.
//
// Exponential timers have no memory, so one is only drawn when something begins
// to wait for it: an idle schedule has nothing to do, and the announcements
// come at the same times as if it always ran.
//
// Equal calls on an equal source of chance give equal results. The order within
// a batch is that of the hashes: it says nothing about when what arrived.
//
// After Bitcoin Core's net_processing.cpp (NextInvToInbounds, the intervals,
// and what may be served: FindTxForGetData). The bounded queue is ours: in May
// 2023 peers that never announced anything made Core's grow until sorting them
// took all its time.
package spread

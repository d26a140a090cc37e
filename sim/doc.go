// Package sim is a network of tens of thousands of nodes in one thread and no
// real time: a queue of events, ordered by when they happen, drives the very
// routers and schedules that a node runs.
//
//	dandelion.Router   stem or fluff, to whom, until when      ┐
//	spread.Schedule    when to announce what to whom           │ unchanged: their
//	ask.Tracker        which announcement to follow            │ methods are all
//	slots.Rotation     which link makes way for another        ┘ that is called
//	links, faults, adversaries, the load: here
//	gossipsub: a model of its mesh, see mesh.go; its router is not pure
//
// A [Network] is a graph with a [Config]; Run plays the rounds of its load and
// returns a [Result]: what each transaction did, what the adversary saw of it,
// what it cost. One seed and one graph give one trace, told by its hash.
// Estimators (package spy) and scores (package score) judge results afterwards.
//
// What is not modelled: validation of what is in a transaction, the mempool's and
// the stempool's limits, handshakes, the growth of TCP's windows. A node that has a
// transaction serves it to whoever asks.
package sim

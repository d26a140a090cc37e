// Package graph is who is linked to whom: the networks that are simulated
// (mechanisms 24, 27, 28 and 72).
//
//	KOut      each node dials k others           Bitcoin's network, Dandelion++ §4
//	Regular   every node has d links             Fanti & Viswanath 2017
//	Line      one directed cycle                 Dandelion's anonymity graph
//	Cycles    d directed Hamiltonian cycles      Dandelion++'s, for d = 2
//	Tree      every inner node has d links       closed forms hold on it
//	Read      an edge list                       a crawl, as [Bitcoin2015]
//
// A [Graph] says of each link who has dialled. Whoever takes it as undirected asks
// for the [Graph.Neighbours]. It does not change: a network whose links rotate is a
// row of graphs ([Graph.Rotated]). Nodes may have places on a sphere ([Scatter]), by
// which delays grow.
//
// The package is pure: chance comes as an argument, and equal arguments make equal
// graphs.
package graph

// Package attack traces the transactions of a simulated run to their sources, as an
// adversary would that knows what its method says.
//
//	sim.Result ─▶ groups of one source ─▶ spy's estimators ─▶ claims ─▶ score
//
// One transaction of each node is a group, or several that are known to be of one source:
// of as many rounds, in which nodes route anew, or of one round, in which they keep their
// routes ([Plan]).
package attack

// Package spy is what an adversary makes of what it sees: whom it takes for the source
// of a transaction (mechanisms 84–91).
//
//	sightings of one transaction                                  posterior
//	  FirstTimestamp, FirstSpy, FirstSent   nothing else known  ─┐
//	  Tree: ReportingCentre, RumourCentre,  the tree, a          │
//	        Trickle                         supernode's view     ├─▶ Name, Entropy
//	  Walk: Estimate, BlackHole             the anonymity graph ─┘
//	several transactions of one source      Intersect, Vote, Walk.Kept,
//	                                        Fingerprints      ──▶ posterior
//	one of each node                        Match             ──▶ names
//
// A [Sighting] is one thing seen by a spy, or by a supernode that is connected to every
// node. An [Estimator] makes a posterior of those of one transaction: nodes with the chance
// that each is the source. Estimators know nothing but the sightings, unless they say so.
//
// The package is pure, and imports nothing of ours: sightings are values, whoever made
// them.
package spy

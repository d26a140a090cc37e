// Package spy is what an adversary makes of what it sees: whom it takes for the source
// of a transaction (mechanisms 84–91).
//
//	sightings of one transaction ──▶ FirstSpy, FirstTimestamp, FirstSent ──▶ posterior
//
// A [Sighting] is one thing seen by a spy, or by a supernode that is connected to
// every node. An [Estimator] makes a posterior of them: nodes with the chance that each
// is the source. Estimators know nothing but the sightings, unless they say so.
//
// The package is pure, and imports nothing of ours: sightings are values, whoever made
// them.
package spy

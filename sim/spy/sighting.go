package spy

import "time"

// Sighting is one thing that an adversary sees of a transaction.
type Sighting struct {
	At   time.Duration // since a time that all sightings of the transaction share
	From int32         // the honest node that delivered, announced or stemmed it
	To   int32         // the spy that it came to; −1 = a supernode
	Stem bool          // it came in its stem
}

// Nobody is whom an adversary names that has no answer.
const Nobody = int32(-1)

// stems returns the sightings of a transaction's stem: few, of what may be many.
func stems(seen []Sighting) []Sighting {
	var stem []Sighting
	for _, s := range seen {
		if s.Stem {
			stem = append(stem, s)
		}
	}
	return stem
}

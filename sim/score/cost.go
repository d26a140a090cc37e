package score

// Redundancy is what the spread of things costs (mechanism 7), for each of them and each
// node that has it in the end.
type Redundancy struct {
	Copies float64 // whole copies sent; 1 is what it takes, less the source
	Bytes  float64 // all that is sent: announcements, requests, copies
}

// RedundancyOf returns it from totals: how many copies and bytes were sent, and how many
// times a thing has reached a node, sources included.
func RedundancyOf(copies, bytes, reached uint64) Redundancy {
	n := float64(reached)
	return Redundancy{Copies: float64(copies) / n, Bytes: float64(bytes) / n}
}

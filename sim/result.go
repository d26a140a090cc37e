package sim

import (
	"time"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/sim/spy"
)

// Result is what a run has shown. It is the caller's.
type Result struct {
	Nodes  int
	Spies  []bool  // by node; nil: no spies among the nodes
	Honest []int32 // the nodes that are not spies, ascending
	Txs    []Tx    // by number, in the order sent
	Cost   Cost
	// Ranks is by node the mean share of the nodes that have a transaction
	// before it, 0..1, over the transactions that it received; NaN if none.
	Ranks []float64
	// Orders are the transactions in the order in which some nodes received them,
	// for the order of arrival (mechanism 67): one row a node.
	Orders [][]int32

	Events uint64        // processed
	Trace  uint64        // a hash of all of them, in order
	Lasted time.Duration // virtual, all rounds together
	Steps  []Step        // of the watched transaction
}

// Tx is the story of one transaction. Durations count from its submission;
// those of things that have not happened are [Never].
type Tx struct {
	Source    int32
	Round     int32
	At        time.Duration  // submitted, from its round's beginning
	Sightings []spy.Sighting // by the adversary, in order; times from the submission
	Seen      int            // how many sightings there were
	Hops      int            // that its stem took
	Fluffed   time.Duration
	FluffedBy int32 // -1 = nobody
	Cause     dandelion.Cause
	Reached   int // nodes, the source included
	// T50, T90 and T99 are when so many of the nodes had it; Last is when all.
	T50, T90, T99, Last time.Duration
}

// Never is a time of what has not happened.
const Never = time.Duration(-1)

// Cost is what was sent, in messages and bytes, by all nodes together.
type Cost struct {
	Stems, Announced, Asked, Sent, Pushed, Lazy Sum
	Duplicates                                  uint64 // transactions that came to who had them
}

// Sum counts messages of a kind and their bytes. One message of announcements
// holds several.
type Sum struct{ Messages, Items, Bytes uint64 }

// Bytes returns the bytes of all kinds.
func (c Cost) Bytes() uint64 {
	return c.Stems.Bytes + c.Announced.Bytes + c.Asked.Bytes + c.Sent.Bytes + c.Pushed.Bytes + c.Lazy.Bytes
}

// Step is one thing that happened to the watched transaction.
type Step struct {
	At       time.Duration // from its round's beginning
	What     string        // stem, fluff, announce, ask, send, push, have, …
	From, To int32         // nodes; -1 = none
}

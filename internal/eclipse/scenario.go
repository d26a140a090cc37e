package eclipse

import (
	"fmt"
	"time"
)

// The node. Sources: issue 5, part 4; Bitcoin Core's net.h.
const (
	fullLinks   = 8
	anchorLinks = 2 // block-relay-only; remembered over a restart
	feelerEvery = 2 * time.Minute

	// What is accepted of the addresses that one link tells. The attacker's links
	// have a full bucket once: in three days each of his netgroups then tells of each of
	// his addresses 12 times, and a full bucket at every restart as well changes nothing.
	addrBurst  = 1000
	addrRate   = 0.1 // a second
	inboundMax = 114 // links that others can open, all of them the attacker's

	// maxDials is how many dials a restart may take; a node makes two a second.
	maxDials = 2000
)

// The world.
const (
	// session is how long the node runs between two restarts.
	session = 10 * time.Minute
	// churn is how often each honest address is drawn anew to be up or down.
	churn = 6 * time.Hour
	// Of honest addresses that the node has once tried more are up than of those
	// that it has heard of. The attacker's always are.
	triedUp, heardUp = 0.6, 0.3
	// Half of the honest addresses are in this many netgroups, as of large hosters,
	// the others anywhere in so many.
	hosters, elsewhere = 100, 5000
)

// Scenario is a node's past and an attacker.
type Scenario struct {
	Name         string
	Fresh, Tried int // honest addresses that the node starts with
	Sources      int // netgroups that told of them

	Evil       int           // the attacker's addresses,
	EvilGroups int           // in so many netgroups, which are also the sources that he tells from
	Junk       int           // addresses that nobody is at, which he tells of as well
	Attack     time.Duration // before the first restart
	Refill     bool          // whether the attacker's links have full buckets after each restart
}

// Young is the weak case: a node that has just begun, against 32 blocks of 256 addresses (Heilman et al. 2015).
func Young() Scenario {
	return Scenario{Name: "young", Fresh: 1000, Tried: 200, Sources: 16, Evil: 8192, EvilGroups: 32, Attack: 72 * time.Hour}
}

// Old is a node that has run for long, against the same attacker.
func Old() Scenario {
	s := Young()
	s.Name, s.Fresh, s.Tried, s.Sources = "old", 20_000, 2000, 200
	return s
}

// Botnet is a young node against so many bots, each in a netgroup of its own.
func Botnet(bots int) Scenario {
	s := Young()
	s.Name, s.Evil, s.EvilGroups = fmt.Sprintf("young, %d bots", bots), bots, bots
	return s
}

// Littered is a young node whose book the attacker also fills with junk.
func Littered() Scenario {
	s := Young()
	s.Name, s.Junk = "young, junk", 65_536
	return s
}

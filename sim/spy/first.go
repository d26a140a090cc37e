package spy

import "time"

// Estimator makes a posterior of the sightings of one transaction, which come in the
// order in which they were made.
type Estimator func([]Sighting) Posterior

// FirstTimestamp names who was seen first with the transaction. Nodes that were seen at
// the same time share (Fanti & Viswanath 2017, §3: the first-timestamp estimator).
func FirstTimestamp(seen []Sighting) Posterior {
	return earliest(seen, func(s Sighting) time.Duration { return s.At })
}

// FirstSpy names who handed the transaction to the first spy on its stem (Dandelion 2017
// and Dandelion++: the first-spy estimator). What no spy has seen in its stem is judged
// by [FirstTimestamp].
func FirstSpy(seen []Sighting) Posterior {
	if first := stems(seen); len(first) > 0 {
		return FirstTimestamp(first)
	}
	return FirstTimestamp(seen)
}

// FirstSent returns an estimator that knows how long each link takes, and names who has
// sent the transaction first (ethp2psim's first-sent). Delay is from the honest node to
// the spy.
func FirstSent(delay func(from, to int32) time.Duration) Estimator {
	return func(seen []Sighting) Posterior {
		return earliest(seen, func(s Sighting) time.Duration { return s.At - delay(s.From, s.To) })
	}
}

// earliest shares the belief among the nodes whose time is the least.
func earliest(seen []Sighting, of func(Sighting) time.Duration) Posterior {
	var nodes []int32
	var least time.Duration
	for _, s := range seen {
		at := of(s)
		if len(nodes) == 0 || at < least {
			nodes, least = nodes[:0], at
		}
		if at == least {
			nodes = append(nodes, s.From)
		}
	}
	return even(nodes)
}

package score

import (
	"errors"
	"fmt"
)

// ErrRound is a round in which not every honest node has sent one transaction:
// precision is not defined for it.
var ErrRound = errors.New("score: precision wants one transaction of each honest node")

// Claim is one transaction, who has sent it and whom the adversary has named.
type Claim struct {
	Source int32
	Named  int32 // −1 = nobody
}

// Precision is the mean over honest nodes of 1{the node's transaction is traced to it} /
// |transactions traced to it|, in a round in which each has sent one. Naming a spy, or
// nobody, is of no use, and counts as 0. Source: Dandelion (2017), §2; Dandelion++, §3.
func Precision(honest int, round []Claim) (float64, error) {
	if len(round) != honest {
		return 0, fmt.Errorf("%w: %d transactions of %d nodes", ErrRound, len(round), honest)
	}
	sent := make(map[int32]bool, honest)
	traced := make(map[int32]int, honest)
	for _, c := range round {
		if sent[c.Source] {
			return 0, fmt.Errorf("%w: node %d has sent two", ErrRound, c.Source)
		}
		sent[c.Source] = true
		traced[c.Named]++
	}
	sum := 0.0
	for _, c := range round {
		if c.Named == c.Source {
			sum += 1 / float64(traced[c.Named])
		}
	}
	return sum / float64(honest), nil
}

// Recall is the share of transactions that are traced to their sources: the detection
// rate of Fanti & Viswanath, the hit ratio of ethp2psim. If each honest node has sent
// one it is the papers' mean over nodes.
func Recall(claims []Claim) float64 {
	hits := 0
	for _, c := range claims {
		if c.Named == c.Source {
			hits++
		}
	}
	return float64(hits) / float64(len(claims))
}

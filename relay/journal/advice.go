package journal

import (
	"fmt"
	"time"
)

// Situation is what, beside the entry, bears on what to do.
type Situation struct {
	Outbound int // full peers that we dialled
	Peers    int
}

// After so long a transaction's state is worth a word: a fluff reaches a network of
// gossipsub in seconds, and one of diffusion within a minute.
const slow = 2 * time.Minute

// Advice says what keeps a transaction and what to do about it; empty if nothing
// does.
func (e *Entry) Advice(now time.Time, s Situation) string {
	switch e.State {
	case Waiting:
		return fmt.Sprintf("It waits for a full peer that this node has dialled; there are %d. Add one with `pappus peers add` or --addnode. "+
			"In %v it is sent to everybody instead, without a stem.", s.Outbound, until(e.Embargo, now))
	case Stemmed:
		if now.Before(e.Embargo) {
			return fmt.Sprintf("It is on its way in secret. If nobody has published it in %v, this node does.", until(e.Embargo, now))
		}
		return "Its embargo is over: this node is about to publish it."
	case Fluffed:
		if s.Peers == 0 {
			return "It is published, but this node has no peers: add one with `pappus peers add` or --addnode."
		}
		if now.Sub(e.Fluffed) > slow {
			return fmt.Sprintf("It was published %v ago and no peer has shown it since. Peers may refuse it: compare its fee rate with `pappus mempool info`, "+
				"and look at `pappus peers list`.", now.Sub(e.Fluffed).Round(time.Second))
		}
	case Dropped:
		switch e.Why {
		case "conflict_tx":
			return "Another transaction that spends the same output was first. Spend another output, or wait for that one."
		case "low_fee_tx":
			return "Its fee rate is below what the mempool takes now (`pappus mempool info`). Make it again with a higher fee."
		case "expired":
			return "It waited for a block for two weeks. Make it again with a higher fee."
		case "replaced":
			return "It was replaced by one that pays more."
		case "aborted":
			return "You took it back before it was published. Whoever had it in its stem may publish it still."
		}
		return "It is not valid any more. Make it again."
	case Seen, Mined:
	}
	return ""
}

func until(t, now time.Time) time.Duration { return max(0, t.Sub(now)).Round(time.Second) }

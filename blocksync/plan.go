package blocksync

import (
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/chain/headertree"
)

// steer keeps the plan leading to the goal, which is the best header as a rule, and long enough that the
// schedule's window never reaches its end before the chain's. The lock must be
// held, as for everything here.
func (s *Sync) steer(now time.Time) {
	best := s.goal(now)
	base, end := s.schedule.Span()
	if base == end || !s.onWay(end, best) {
		s.replan(now)
		return
	}
	if best.Hash != s.target {
		s.target = best.Hash
		s.tellAll()
	}
	if window := int32(s.cfg.Schedule.Window); end-base < 2*window && end < best.Height { // about 1,000
		s.extend(s.tree.Path(s.last, best.Hash, s.cfg.Schedule.Window))
	}
}

// onWay reports whether the end of the plan, at the given height, is on the way
// to the goal.
func (s *Sync) onWay(end int32, best headertree.Entry) bool {
	if best.Hash == s.target {
		return true
	}
	e, ok := s.tree.Ancestor(best.Hash, end)
	return ok && e.Hash == s.last
}

func (s *Sync) extend(hashes []chainhash.Hash) {
	if len(hashes) > 0 {
		s.schedule.Extend(hashes)
		s.last = hashes[len(hashes)-1]
	}
}

// replan makes a new plan from the last block of the goal's chain that is
// stored. What the old plan shares with it is kept.
func (s *Sync) replan(now time.Time) {
	best, tip := s.goal(now), s.chain.Tip()
	base, ok := s.tree.Fork(tip.Hash, best.Hash)
	if !ok {
		return // the tip's header is missing: the chain is just starting or closed
	}
	base, path := s.firstMissing(base, best)
	for _, h := range s.schedule.Want(now, base.Height, path) {
		delete(s.bodies, h)
	}
	s.last, s.target = base.Hash, best.Hash
	if len(path) > 0 {
		s.last = path[len(path)-1]
	}
	s.tellAll()
}

// firstMissing walks from base, which is stored, towards best and returns the
// last block that is stored and the way on from there.
func (s *Sync) firstMissing(base, best headertree.Entry) (headertree.Entry, []chainhash.Hash) {
	for {
		path := s.tree.Path(base.Hash, best.Hash, s.cfg.Schedule.Window)
		have := 0
		for have < len(path) && s.chain.HaveBlock(path[have]) {
			have++
		}
		if have > 0 {
			base, _ = s.tree.Lookup(path[have-1])
		}
		if have == 0 || have < len(path) {
			return base, path[have:]
		}
	}
}

// tellAll lets the schedule know how far each peer has the new plan.
func (s *Sync) tellAll() {
	for _, m := range s.members {
		s.tell(m)
	}
}

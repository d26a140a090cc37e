package blocksync

import (
	"math/big"
	"slices"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/chain/headertree"
)

// maxShunned bounds the blocks that are remembered as withheld. Each is on a
// branch of its own, of more work than the chain that we could fetch instead.
const maxShunned = 16

// shunned is a block that nobody delivers although its header is known. Branches
// with it are not fetched for a while if there is another one to fetch: headers
// with the most work must not keep us from a chain that is there.
type shunned struct {
	hash   chainhash.Hash
	height int32
	until  time.Time
}

// awaited is the block that the plan waits for, and since when.
type awaited struct {
	hash  chainhash.Hash
	since time.Time
}

// goal returns the header whose chain is to be fetched: the best one, or the best
// that a peer has and that leads past no withheld block. The lock must be held,
// as for everything here.
func (s *Sync) goal(now time.Time) headertree.Entry {
	best := s.tree.Best()
	s.shunned = slices.DeleteFunc(s.shunned, func(x shunned) bool { return !now.Before(x.until) })
	s.detour = false
	if s.open(best.Hash) {
		return best
	}
	s.detour = true
	if e, ok := s.alternative(); ok {
		return e
	}
	return best
}

// alternative returns the best header of a peer that serves blocks which is
// better than our tip and leads past no withheld block.
func (s *Sync) alternative() (headertree.Entry, bool) {
	tip, ok := s.tree.Lookup(s.chain.Tip().Hash)
	if !ok {
		return headertree.Entry{}, false
	}
	found, work := chainhash.Hash{}, tip.Work
	for _, m := range s.members {
		if !m.joined || m.work == nil || s.tree.Invalid(m.best) || !s.open(m.best) {
			continue
		}
		// Ties go by hash: a map's order must not reach a decision.
		if c := m.work.Cmp(work); c > 0 || c == 0 && found != (chainhash.Hash{}) && less(m.best, found) {
			found, work = m.best, m.work
		}
	}
	if found == (chainhash.Hash{}) {
		return headertree.Entry{}, false
	}
	return s.tree.Lookup(found)
}

// less orders hashes as numbers.
func less(a, b chainhash.Hash) bool {
	slices.Reverse(a[:])
	slices.Reverse(b[:])
	return new(big.Int).SetBytes(a[:]).Cmp(new(big.Int).SetBytes(b[:])) < 0
}

// open reports whether the chain up to the header has no withheld block.
func (s *Sync) open(hash chainhash.Hash) bool {
	for _, x := range s.shunned {
		if e, ok := s.tree.Ancestor(hash, x.height); ok && e.Hash == x.hash {
			return false
		}
	}
	return true
}

// watch notes which block the plan waits for.
func (s *Sync) watch(now time.Time) {
	if hash, _, _ := s.schedule.Lowest(); hash != s.awaited.hash {
		s.awaited = awaited{hash, now}
	}
}

// shun gives up on the block that the plan has been waiting for for too long, if
// there is something else to fetch meanwhile. It reports whether it did.
func (s *Sync) shun(now time.Time) bool {
	hash, height, ok := s.schedule.Lowest()
	if !ok || now.Before(s.awaited.since.Add(s.cfg.Withheld)) {
		return false
	}
	s.awaited.since = now // look again only after as long a wait
	before := s.shunned
	if len(before) == maxShunned {
		before = before[1:]
	}
	s.shunned = append(slices.Clone(before), shunned{hash, height, now.Add(s.cfg.Shun)})
	if e, ok := s.alternative(); ok && e.Hash != s.target {
		return true
	}
	s.shunned = before
	return false
}

// forgiven reports whether the time of a withheld block is over.
func (s *Sync) forgiven(now time.Time) bool {
	return slices.ContainsFunc(s.shunned, func(x shunned) bool { return !now.Before(x.until) })
}

// due is when tick is worth calling; zero: not before something else happens.
func (s *Sync) due(now time.Time) time.Time {
	next := s.schedule.Next(now)
	if _, _, waits := s.schedule.Lowest(); waits {
		if at := s.awaited.since.Add(s.cfg.Withheld); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for _, x := range s.shunned {
		if next.IsZero() || x.until.Before(next) {
			next = x.until
		}
	}
	return next
}

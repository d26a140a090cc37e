package journal

import (
	"hash/maphash"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	// maxCounted bounds how many peers or groups are told apart: more say nothing
	// more about whether the network has a transaction. 8 bytes each.
	maxCounted = 64
	// maxStems bounds the hand-overs that are noted; the last are kept. Two an epoch
	// are usual.
	maxStems = 16
)

// change has f change an entry, if there is one.
func (j *Journal) change(tx chainhash.Hash, f func(*Entry)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e, ok := j.entries[tx]; ok {
		f(e)
		j.dirty[tx] = struct{}{}
	}
}

// changeLive is change for an entry that is not over.
func (j *Journal) changeLive(tx chainhash.Hash, f func(*Entry)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e, ok := j.entries[tx]; ok && !e.over() {
		f(e)
		j.dirty[tx] = struct{}{}
	}
}

// Refused takes back what was submitted and was not valid.
func (j *Journal) Refused(tx chainhash.Hash) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e, ok := j.entries[tx]; ok && (e.State == Waiting || e.State == Fluffed) && e.FirstSeen.IsZero() {
		j.remove(tx)
	}
}

// Waiting notes that there is no peer to hand it to.
func (j *Journal) Waiting(tx chainhash.Hash, embargo time.Time) {
	j.changeLive(tx, func(e *Entry) { e.Embargo = embargo })
}

// Resumed notes what the stempool tells after a restart, which a crash may have taken from
// the journal: when the embargo ends, and whether it was handed on, within a second of its
// submission then.
func (j *Journal) Resumed(tx chainhash.Hash, embargo time.Time, stemmed bool) {
	j.changeLive(tx, func(e *Entry) {
		e.Embargo = embargo
		if stemmed && e.State == Waiting {
			e.State, e.Stems = Stemmed, []time.Time{e.Submitted}
		}
	})
}

// Stemmed notes that it was handed on.
func (j *Journal) Stemmed(now time.Time, tx chainhash.Hash, embargo time.Time) {
	j.changeLive(tx, func(e *Entry) {
		e.Stems, e.Embargo = append(e.Stems, now), embargo
		e.Stems = e.Stems[max(0, len(e.Stems)-maxStems):]
		if e.State == Waiting {
			e.State = Stemmed
		}
	})
}

// Fluffed notes that it is in the mempool, and who brought it there the first time.
// One that was dropped lives again: others have kept it.
func (j *Journal) Fluffed(now time.Time, tx chainhash.Hash, by string) {
	j.change(tx, func(e *Entry) {
		if e.Fluffed.IsZero() {
			e.Fluffed, e.FluffedBy = now, by
		}
		if e.State != Mined {
			e.DroppedAt, e.Why = time.Time{}, ""
			e.publish()
		}
	})
}

// SeenFrom notes that a peer has shown it. That alone ends no stem: whoever it was
// handed to may lie.
func (j *Journal) SeenFrom(now time.Time, tx chainhash.Hash, from peer.ID, group string) {
	j.changeLive(tx, func(e *Entry) {
		if e.FirstSeen.IsZero() {
			e.FirstSeen = now
		}
		e.LastSeen = now
		e.Peers = max(e.Peers, e.seenPeers.count(maphash.String(j.salt, string(from))))
		e.Groups = max(e.Groups, e.seenGroups.count(maphash.String(j.salt, group)))
		if !e.Fluffed.IsZero() {
			e.publish()
		}
	})
}

// distinct is a bounded set of salted hashes. It is never written: after a restart
// counting begins anew, and the larger number stands.
type distinct map[uint64]struct{}

func (d *distinct) count(hash uint64) int {
	if *d == nil {
		*d = make(distinct)
	}
	if len(*d) < maxCounted {
		(*d)[hash] = struct{}{}
	}
	return len(*d)
}

// Mined notes the block that holds it, also if it was dropped: somebody had it. To be
// told again changes nothing.
func (j *Journal) Mined(now time.Time, tx chainhash.Hash, height int32, block chainhash.Hash) {
	j.change(tx, func(e *Entry) {
		if e.State == Mined && e.Block == block {
			return
		}
		e.State, e.Mined, e.Height, e.Block = Mined, now, height, block
		e.DroppedAt, e.Why = time.Time{}, ""
		if e.Fluffed.IsZero() {
			e.Fluffed, e.FluffedBy = now, "others" // unheard
		}
	})
}

// Unmined notes that its block has left the main chain.
func (j *Journal) Unmined(tx chainhash.Hash) {
	j.change(tx, func(e *Entry) {
		if e.State == Mined {
			e.Mined, e.Height, e.Block = time.Time{}, 0, chainhash.Hash{}
			e.Unmined++
			e.publish()
		}
	})
}

// Dropped notes that it goes nowhere any more.
func (j *Journal) Dropped(now time.Time, tx chainhash.Hash, why string) {
	j.changeLive(tx, func(e *Entry) { e.State, e.DroppedAt, e.Why = Dropped, now, why })
}

// publish sets the state of what is in the mempool, or was and is expected back.
func (e *Entry) publish() {
	e.State = Fluffed
	if !e.FirstSeen.IsZero() {
		e.State = Seen
	}
}

// over says whether nothing more is expected of the transaction.
func (e *Entry) over() bool { return e.State == Mined || e.State == Dropped }

// end is when it was over.
func (e *Entry) end() time.Time {
	if e.State == Mined {
		return e.Mined
	}
	return e.DroppedAt
}

package addrbook

import (
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Record is one entry as a store keeps it, under its peer's id.
type Record struct {
	Peer  peer.ID
	Value []byte // nil = delete what is there
}

// touch marks an entry to be stored.
func (b *Book) touch(e *entry) {
	if e.dirty {
		return
	}
	e.dirty = true
	if len(b.dirty) > 2*len(b.all)+minDirty { // entries that came and went
		b.dirty = slices.DeleteFunc(b.dirty, func(d *entry) bool { return d.gone })
	}
	b.dirty = append(b.dirty, e)
}

// minDirty is from how many marked entries on those that are gone are looked for.
const minDirty = 1024

// Changes returns what has changed since it was last called, at most so many
// records; call it until it returns none. Who cannot write them keeps them and
// writes them before the next. Batches need not be atomic: after half a write,
// [Restore] finds a book from which some entries are missing or old.
func (b *Book) Changes(most int) []Record {
	n := min(most, len(b.dropped))
	out := make([]Record, 0, min(most, len(b.dropped)+len(b.dirty)))
	for _, p := range b.dropped[:n] {
		out = append(out, Record{Peer: p})
	}
	b.dropped = slices.Delete(b.dropped, 0, n)
	n = 0
	for ; n < len(b.dirty) && len(out) < most; n++ {
		e := b.dirty[n]
		e.dirty = false
		if !e.gone {
			e.stored = true
			out = append(out, Record{e.id, e.encode()})
		}
	}
	if b.dirty = slices.Delete(b.dirty, 0, n); len(b.dirty) == 0 {
		b.dirty = nil // a full book's is 1 MB
	}
	return out
}

// Loss says what [Restore] has left out. The next [Book.Changes] deletes it.
type Loss struct {
	Damaged int // records that cannot be read
	Crowded int // entries whose slots others have: of a write that was cut off, or other sizes
}

// Restore returns a book with the records of a store, in the order given. It never
// fails: what is damaged or missing costs its entry and no other.
func Restore(cfg Config, secret [32]byte, src rand.Source, as ASTable, records iter.Seq2[peer.ID, []byte]) (*Book, Loss) {
	b := New(cfg, secret, src, as)
	var loss Loss
	for p, raw := range records {
		e, err := decode(p, raw)
		switch {
		case err != nil:
			loss.Damaged++
			b.dropped = append(b.dropped, p)
		case b.byPeer[e.id] != nil: // no store has a key twice
			loss.Crowded++
		case !b.restore(e):
			loss.Crowded++
			b.dropped = append(b.dropped, p)
		}
	}
	return b, loss
}

// restore puts a stored entry where it was, or where there is still a slot for it.
func (b *Book) restore(e *entry) bool {
	h, _ := e.addrs.host() // decode has checked it
	e.group = b.groupOf(h)
	e.stored, e.old = true, true
	b.answered = max(b.answered, e.answered)
	if e.tried {
		if at := b.triedSlot(e); b.tried.slots[at] == nil {
			e.sources = e.sources[:1]
			b.tried.slots[at] = e
			b.tried.join(e)
			b.list(e)
			return true
		}
		e.tried = false
		b.touch(e)
	}
	sources := e.sources
	e.sources = nil
	for _, source := range sources {
		at := b.newSlot(e, source)
		if len(e.sources) < b.cfg.Sources && b.fresh.slots[at] == nil {
			b.fresh.slots[at] = e
			if len(e.sources) == 0 {
				b.fresh.join(e)
			}
			e.sources = append(e.sources, source)
		}
	}
	if len(e.sources) == 0 {
		e.gone = true
		return false
	}
	if len(e.sources) < len(sources) {
		b.touch(e)
	}
	b.list(e)
	return true
}

package addrbook

import (
	"crypto/sha256"
	"encoding/binary"
)

// What a hash is for. Two uses never hash the same bytes.
const (
	forSource   byte = iota + 1 // which of a source's buckets of new
	forNew                      // a bucket of new
	forHost                     // which of a group's buckets of tried
	forTried                    // a bucket of tried
	forNewSlot                  // a slot of a bucket of new
	forOldSlot                  // a slot of a bucket of tried
	maxHashData = 48            // two numbers and a host
)

// hash returns a number in [0, n) that nobody without the secret can predict.
func (b *Book) hash(use byte, x, y uint64, host []byte, n int) int {
	var buf [len(b.secret) + 1 + maxHashData]byte
	data := append(append(buf[:0], b.secret[:]...), use)
	data = binary.LittleEndian.AppendUint64(data, x)
	data = binary.LittleEndian.AppendUint64(data, y)
	sum := sha256.Sum256(append(data, host...))
	return int(binary.LittleEndian.Uint64(sum[:]) % uint64(n)) // n ≤ 2²⁰: the bias is below 2⁻⁴³
}

// newSlot returns the slot of new that an entry has for a source. A source reaches
// [Config.SourceBuckets] buckets, and with the addresses of one netgroup a single
// one: 64 slots, whatever it tells.
func (b *Book) newSlot(e *entry, source Group) int {
	which := b.hash(forSource, uint64(source), uint64(e.group), nil, b.cfg.SourceBuckets)
	bucket := b.hash(forNew, uint64(source), uint64(which), nil, b.cfg.NewBuckets)
	return bucket*b.cfg.Slots + b.hash(forNewSlot, uint64(bucket), 0, b.key(e.host()), b.cfg.Slots)
}

// triedSlot returns the slot of tried that an entry has. The addresses of one
// netgroup reach [Config.GroupBuckets] buckets.
func (b *Book) triedSlot(e *entry) int {
	host := b.key(e.host())
	which := b.hash(forHost, 0, 0, host, b.cfg.GroupBuckets)
	bucket := b.hash(forTried, uint64(e.group), uint64(which), nil, b.cfg.TriedBuckets)
	return bucket*b.cfg.Slots + b.hash(forOldSlot, uint64(bucket), 0, host, b.cfg.Slots)
}

// place puts an entry into its slot of new for a source, and says whether it is
// in it. Who is there makes way if it is terrible, or has other slots where the
// newcomer has none.
func (b *Book) place(now moment, e *entry, source Group) bool {
	at := b.newSlot(e, source)
	if there := b.fresh.slots[at]; there != nil {
		if there == e {
			return true
		}
		spare := len(there.sources) > 1 && len(e.sources) == 0
		if !spare && !there.terrible(now, b.cfg.Horizon) {
			return false
		}
		b.clear(at)
	}
	b.occupy(at, e, source)
	return true
}

// occupy puts an entry into an empty slot of new.
func (b *Book) occupy(at int, e *entry, source Group) {
	b.fresh.slots[at] = e
	if len(e.sources) == 0 {
		b.fresh.join(e)
	}
	e.sources = append(e.sources, source)
	b.touch(e)
}

// clear empties a slot of new. An entry that has no other is forgotten.
func (b *Book) clear(at int) {
	e := b.fresh.slots[at]
	b.fresh.slots[at] = nil
	for i, source := range e.sources {
		if b.newSlot(e, source) == at {
			e.sources = append(e.sources[:i], e.sources[i+1:]...)
			break
		}
	}
	b.touch(e)
	if len(e.sources) == 0 {
		b.fresh.leave(e)
		b.forget(e)
	}
}

// vacate takes an entry out of all its slots of new and keeps its sources.
func (b *Book) vacate(e *entry) {
	for _, source := range e.sources {
		b.fresh.slots[b.newSlot(e, source)] = nil
	}
	b.fresh.leave(e)
}

package ask

import (
	"cmp"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
)

// roster is the peers by id. They are found by their tags, which lie in a cache line or
// two, and not by the ids, each of which lies somewhere else.
type roster struct {
	tags []uint32
	all  []*source
}

// tag makes four bytes of an id, of its end: ids begin alike. Whoever makes two of one
// tag is looked at twice.
func tag(p peer.ID) uint32 {
	t := uint32(len(p))
	for i := max(0, len(p)-4); i < len(p); i++ {
		t = t<<8 ^ uint32(p[i])
	}
	return t
}

// find returns a peer, nil if it is not there.
func (r *roster) find(p peer.ID) *source {
	want := tag(p)
	for i, t := range r.tags {
		if t == want && r.all[i].id == p {
			return r.all[i]
		}
	}
	return nil
}

// insert adds a peer that is not there.
func (r *roster) insert(s *source) {
	i, _ := slices.BinarySearchFunc(r.all, s.id, func(o *source, p peer.ID) int { return cmp.Compare(o.id, p) })
	r.tags, r.all = slices.Insert(r.tags, i, tag(s.id)), slices.Insert(r.all, i, s)
	r.renumber(i)
}

func (r *roster) remove(s *source) {
	i := int(s.place)
	r.tags, r.all = slices.Delete(r.tags, i, i+1), slices.Delete(r.all, i, i+1)
	r.renumber(i)
}

// renumber notes the places from one on.
func (r *roster) renumber(from int) {
	for i, s := range r.all[from:] {
		s.place = int32(from + i)
	}
}

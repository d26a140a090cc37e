package spread

import (
	"cmp"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
)

// circle is some of the peers, by id. They are found by their tags, which lie in a cache
// line or two however long ids are: tens of thousands of schedules in one process are in
// no cache.
type circle struct {
	tags    []uint32
	members []member
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

// find returns a peer's place, -1 if it is not there.
func (c *circle) find(p peer.ID) int {
	want := tag(p)
	for i, t := range c.tags {
		if t == want && c.members[i].id == p {
			return i
		}
	}
	return -1
}

// insert adds a peer that is not there and returns its place.
func (c *circle) insert(m member) int {
	i, _ := slices.BinarySearchFunc(c.members, m.id, func(m member, p peer.ID) int { return cmp.Compare(m.id, p) })
	c.tags, c.members = slices.Insert(c.tags, i, tag(m.id)), slices.Insert(c.members, i, m)
	return i
}

func (c *circle) remove(i int) {
	c.tags, c.members = slices.Delete(c.tags, i, i+1), slices.Delete(c.members, i, i+1)
}

func (c *circle) len() int { return len(c.members) }

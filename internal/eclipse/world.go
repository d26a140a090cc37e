package eclipse

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"
)

// begin is when the attack does.
var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// address is an address of the world.
type address struct {
	ip    netip.Addr
	group uint16 // its /16
	evil  bool
	up    float64 // chance
}

// world is the addresses there are.
type world struct {
	addrs []address
	evil  []int32 // the attacker's and junk: what he tells of
	seed  uint64
}

// newWorld draws the addresses of a scenario: those that the node has tried first,
// those that it has heard of, the attacker's.
func newWorld(s Scenario, seed uint64) *world {
	w := &world{seed: seed}
	rng := rand.New(rand.NewPCG(seed, 1))
	groups := rng.Perm(1 << 16) // who is where differs from world to world
	add := func(group int, evil bool, up float64) int32 {
		var raw [4]byte
		n := len(w.addrs)
		binary.BigEndian.PutUint16(raw[:], uint16(groups[group]))
		binary.BigEndian.PutUint16(raw[2:], uint16(n)) // no host twice: there are fewer than 2¹⁶ in a group
		w.addrs = append(w.addrs, address{netip.AddrFrom4(raw), uint16(groups[group]), evil, up})
		return int32(n)
	}
	for i := range s.Tried + s.Fresh {
		up := heardUp
		if i < s.Tried {
			up = triedUp
		}
		group := rng.IntN(hosters)
		if rng.IntN(2) == 0 {
			group = hosters + rng.IntN(elsewhere)
		}
		add(group, false, up)
	}
	first := hosters + elsewhere
	for i := range s.Evil {
		w.evil = append(w.evil, add(first+i%s.EvilGroups, true, 1))
	}
	for range s.Junk {
		w.evil = append(w.evil, add(rng.IntN(first), false, 0))
	}
	return w
}

// isUp says whether somebody answers at an address.
func (w *world) isUp(addr int32, now time.Time) bool {
	a := w.addrs[addr]
	if a.up == 0 || a.up == 1 {
		return a.up == 1
	}
	epoch := uint64(now.Sub(begin) / churn)
	return float64(mix(w.seed, uint64(addr), epoch)>>11)/(1<<53) < a.up
}

// mix hashes numbers: splitmix64's finaliser over each.
func mix(values ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, v := range values {
		h += v + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

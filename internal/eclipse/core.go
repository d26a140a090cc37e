package eclipse

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Bitcoin Core's published sizes (addrman.h, addrman_impl.h).
const (
	coreNew, coreTried, coreSlots = 1024, 256, 64
	coreNewPerSource              = 64
	coreTriedPerGroup             = 8
	coreRefs                      = 8
	coreCollisions                = 10
)

// core is a model of Bitcoin Core's address manager as of v29: tables, sizes,
// multiplicity, test-before-evict, terrible entries, and a draw that takes a bucket
// first. Written from its rules, for comparison; what is not needed here is left out.
type core struct {
	w          *world
	seed       uint64
	rng        *rand.Rand
	info       map[int32]*coreInfo
	fresh      []int32 // address + 1, 0 = empty
	tried      []int32
	lastGood   time.Time
	collisions []int32
	counts     [2]int
}

type coreInfo struct {
	source               uint16
	seen, try, good, cnt time.Time
	attempts, refs       int
	tried                bool
}

func newCore(w *world, seed uint64) book {
	return &core{
		w: w, seed: seed, rng: rand.New(rand.NewPCG(seed, 3)), info: make(map[int32]*coreInfo),
		fresh: make([]int32, coreNew*coreSlots), tried: make([]int32, coreTried*coreSlots), lastGood: begin.Add(-365 * 24 * time.Hour),
	}
}

func (c *core) Len() (fresh, tried int) { return c.counts[0], c.counts[1] }

func (c *core) newSlot(addr int32, source uint16) int {
	group := uint64(c.w.addrs[addr].group)
	which := mix(c.seed, 1, group, uint64(source)) % coreNewPerSource
	bucket := mix(c.seed, 2, uint64(source), which) % coreNew
	return int(bucket*coreSlots + mix(c.seed, 3, bucket, uint64(addr))%coreSlots)
}

func (c *core) triedSlot(addr int32) int {
	which := mix(c.seed, 4, uint64(addr)) % coreTriedPerGroup
	bucket := mix(c.seed, 5, uint64(c.w.addrs[addr].group), which) % coreTried
	return int(bucket*coreSlots + mix(c.seed, 6, bucket, uint64(addr))%coreSlots)
}

func (i *coreInfo) terrible(now time.Time) bool {
	switch {
	case now.Sub(i.try) <= time.Minute:
		return false
	case i.seen.After(now.Add(10 * time.Minute)), now.Sub(i.seen) > 30*24*time.Hour:
		return true
	case i.good.IsZero():
		return i.attempts >= 3
	}
	return now.Sub(i.good) > 7*24*time.Hour && i.attempts >= 10
}

func (c *core) Add(now time.Time, addr int32, seen time.Time, source uint16) {
	const penalty = 2 * time.Hour
	i := c.info[addr]
	if i != nil {
		step := 24 * time.Hour
		if now.Sub(seen) < 24*time.Hour {
			step = time.Hour
		}
		if i.seen.Before(seen.Add(-step - penalty)) {
			i.seen = seen.Add(-penalty)
		}
		if !seen.After(i.seen) || i.tried || i.refs == coreRefs || c.rng.IntN(1<<i.refs) != 0 {
			return
		}
	} else {
		i = &coreInfo{source: source, seen: seen.Add(-penalty)}
	}
	at := c.newSlot(addr, source)
	if there := c.fresh[at] - 1; there >= 0 {
		other := c.info[there]
		if there == addr || (!other.terrible(now) && (other.refs < 2 || i.refs > 0)) {
			return
		}
		c.clear(at)
	}
	c.put(at, addr, i)
}

// put enters an address into an empty slot of new.
func (c *core) put(at int, addr int32, i *coreInfo) {
	if i.refs == 0 {
		c.info[addr] = i
		c.counts[0]++
	}
	c.fresh[at] = addr + 1
	i.refs++
}

func (c *core) clear(at int) {
	addr := c.fresh[at] - 1
	c.fresh[at] = 0
	i := c.info[addr]
	if i.refs--; i.refs == 0 {
		delete(c.info, addr)
		c.counts[0]--
	}
}

func (c *core) Attempt(now time.Time, addr int32, counts bool) {
	if i := c.info[addr]; i != nil {
		i.try = now
		if counts && i.cnt.Before(c.lastGood) {
			i.cnt = now
			i.attempts++
		}
	}
}

func (c *core) Good(now time.Time, addr int32) {
	c.lastGood = now
	i := c.info[addr]
	if i == nil {
		return
	}
	i.good, i.try, i.attempts = now, now, 0
	if i.tried {
		return
	}
	if c.tried[c.triedSlot(addr)] != 0 {
		if len(c.collisions) < coreCollisions && !slices.Contains(c.collisions, addr) {
			c.collisions = append(c.collisions, addr)
		}
		return
	}
	c.toTried(addr, i)
}

// toTried moves an address of new to tried; who is there goes back to new.
func (c *core) toTried(addr int32, i *coreInfo) {
	for at, there := range c.fresh {
		if there == addr+1 {
			c.fresh[at] = 0
		}
	}
	i.refs, i.tried = 0, true
	c.counts[0]--
	slot := c.triedSlot(addr)
	if there := c.tried[slot] - 1; there >= 0 {
		old := c.info[there]
		old.tried = false
		c.counts[1]--
		at := c.newSlot(there, old.source)
		if c.fresh[at] != 0 {
			c.clear(at)
		}
		c.put(at, there, old)
	}
	c.tried[slot] = addr + 1
	c.counts[1]++
}

// resolve settles collisions: test before evict.
func (c *core) resolve(now time.Time) {
	c.collisions = slices.DeleteFunc(c.collisions, func(addr int32) bool {
		i := c.info[addr]
		if i == nil || i.tried {
			return true
		}
		there := c.tried[c.triedSlot(addr)] - 1
		if there < 0 {
			c.toTried(addr, i)
			return true
		}
		old := c.info[there]
		switch {
		case now.Sub(old.good) < 4*time.Hour:
			return true
		case now.Sub(old.try) < 4*time.Hour:
			if now.Sub(old.try) <= time.Minute {
				return false
			}
		case now.Sub(i.good) <= 40*time.Minute:
			return false
		}
		c.toTried(addr, i)
		return true
	})
}

func (c *core) Feeler(now time.Time) (int32, bool) {
	c.resolve(now)
	if len(c.collisions) > 0 {
		addr := c.collisions[c.rng.IntN(len(c.collisions))]
		if there := c.tried[c.triedSlot(addr)] - 1; there >= 0 {
			return there, true
		}
	}
	return c.choose(now, c.fresh)
}

func (c *core) Pick(now time.Time, taken []uint16) (int32, bool) {
	for range 100 { // as ThreadOpenConnections tries before it starts anew
		table := c.fresh
		if c.counts[1] > 0 && (c.counts[0] == 0 || c.rng.IntN(2) == 0) {
			table = c.tried
		}
		addr, ok := c.choose(now, table)
		if ok && !slices.Contains(taken, c.w.addrs[addr].group) {
			return addr, true
		}
	}
	return 0, false
}

// choose draws a bucket, and in it the first address from a random slot on.
func (c *core) choose(now time.Time, table []int32) (int32, bool) {
	factor := 1.0
	for range 10_000 {
		bucket, from := c.rng.IntN(len(table)/coreSlots), c.rng.IntN(coreSlots)
		for n := range coreSlots {
			addr := table[bucket*coreSlots+(from+n)%coreSlots] - 1
			if addr < 0 {
				continue
			}
			i := c.info[addr]
			chance := math.Pow(0.66, float64(min(i.attempts, 8)))
			if now.Sub(i.try) < 10*time.Minute {
				chance *= 0.01
			}
			if c.rng.Float64() < factor*chance {
				return addr, true
			}
			factor *= 1.2
			break
		}
	}
	return 0, false
}

package eclipse

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"
)

// addrOf returns an address of a netgroup.
func addrOf(group uint16) netip.Addr {
	var raw [4]byte
	binary.BigEndian.PutUint16(raw[:], group)
	return netip.AddrFrom4(raw)
}

// Tally is what a number of restarts came to.
type Tally struct {
	Restarts     int
	Evil         int // of the attacker's among all outbound links
	Links        int
	Eclipsed     int // restarts after which all links were his, anchors included
	Bare         int // the same, had there been no anchors
	Short        int // restarts after which some slots stayed empty
	Dials        int
	Fresh, Tried int // entries at the end
}

// add sums tallies up.
func (t *Tally) add(o Tally) {
	t.Restarts += o.Restarts
	t.Evil += o.Evil
	t.Links += o.Links
	t.Eclipsed += o.Eclipsed
	t.Bare += o.Bare
	t.Short += o.Short
	t.Dials += o.Dials
	t.Fresh += o.Fresh
	t.Tried += o.Tried
}

// node is one under attack.
type node struct {
	s       Scenario
	w       *world
	book    book
	rng     *rand.Rand
	now     time.Time
	links   []int32 // the first anchorLinks of them are anchors
	tokens  [inboundMax]float64
	sources []uint16 // honest ones
	plain   bool     // a node without anchors, whose links are of any netgroups
}

// Kind is a kind of address book.
type Kind struct {
	Name string
	open func(*world, uint64) book
}

// Kinds are the books that are compared.
func Kinds() []Kind {
	return []Kind{{"addrbook", newOurs}, {"Core's tables, modelled", newCore}, {"flat list", newFlat}}
}

// Run puts a node through an attack with so many restarts.
func Run(s Scenario, kind Kind, seed uint64, restarts int) Tally {
	w := newWorld(s, seed)
	n := &node{s: s, w: w, book: kind.open(w, seed), rng: rand.New(rand.NewPCG(seed, 5)), now: begin}
	_, n.plain = n.book.(*flat)
	n.past()
	n.refill()
	for n.now.Before(begin.Add(s.Attack)) {
		n.run()
	}
	var t Tally
	for range restarts {
		n.restart(&t)
		if s.Refill {
			n.refill()
		}
		n.run()
	}
	if b, ok := n.book.(sizer); ok {
		t.Fresh, t.Tried = b.Len()
	}
	return t
}

// past fills the book with what honest peers told and the node has tried, and
// gives it honest links.
func (n *node) past() {
	for range n.s.Sources {
		n.sources = append(n.sources, uint16(n.rng.IntN(1<<16)))
	}
	honest := n.s.Tried + n.s.Fresh
	for i := range honest {
		age := time.Duration(n.rng.Int64N(int64(10 * 24 * time.Hour)))
		// An address that finds its slot taken is told by another source.
		for range 4 {
			n.book.Add(begin.Add(-age), int32(i), begin.Add(-age), n.source())
		}
		if i < n.s.Tried {
			n.book.Good(begin.Add(-age/2), int32(i))
		}
	}
	for i := range n.s.Tried {
		if len(n.links) < fullLinks+anchorLinks && n.w.isUp(int32(i), begin) {
			n.links = append(n.links, int32(i))
		}
	}
}

func (n *node) source() uint16 { return n.sources[n.rng.IntN(len(n.sources))] }

// refill fills the token buckets of the attacker's links.
func (n *node) refill() {
	for i := range n.tokens {
		n.tokens[i] = addrBurst
	}
}

// run is one session: the attacker tells, honest links tell, feelers go out.
func (n *node) run() {
	for i := range n.tokens {
		source := n.w.addrs[n.w.evil[i%n.s.EvilGroups]].group
		for ; n.tokens[i] >= 1; n.tokens[i]-- {
			n.book.Add(n.now, n.w.evil[n.rng.IntN(len(n.w.evil))], n.now, source)
		}
		n.tokens[i] = min(addrBurst, n.tokens[i]+addrRate*session.Seconds())
	}
	n.honest()
	for at := n.now; at.Before(n.now.Add(session)); at = at.Add(feelerEvery) {
		if addr, ok := n.book.Feeler(at); ok {
			n.dial(at, addr)
		}
	}
	n.now = n.now.Add(session)
}

// honest is each honest node's word, once a day, that it is up, if there is an
// honest link for it to come over.
func (n *node) honest() {
	for _, link := range n.links {
		if n.w.addrs[link].evil {
			continue
		}
		count := n.s.Tried + n.s.Fresh
		for range count * int(session/time.Minute) / (24 * 60) {
			if addr := int32(n.rng.IntN(count)); n.w.isUp(addr, n.now) {
				n.book.Add(n.now, addr, n.now, n.w.addrs[link].group)
			}
		}
		return
	}
}

// dial tries an address and says whether it answers.
func (n *node) dial(at time.Time, addr int32) bool {
	n.book.Attempt(at, addr, len(n.links) > 0)
	if !n.w.isUp(addr, at) {
		return false
	}
	n.book.Good(at, addr)
	return true
}

// restart loses all links and opens new ones: to the anchors that answer, then to
// what the book gives.
func (n *node) restart(t *Tally) {
	anchors := n.links[:min(anchorLinks, len(n.links))]
	if n.plain {
		anchors = nil
	}
	n.links = nil
	var taken []uint16
	open := func(addr int32) {
		n.links = append(n.links, addr)
		if !n.plain {
			taken = append(taken, n.w.addrs[addr].group)
		}
	}
	for _, a := range anchors {
		if n.dial(n.now, a) {
			open(a)
		}
	}
	kept := len(n.links)
	spare := kept // picks that would have stood for the anchors
	allPicked := true
	at := n.now
	for dials := 0; len(n.links) < fullLinks+anchorLinks && dials < maxDials; dials++ {
		at = at.Add(time.Second / 2)
		addr, ok := n.book.Pick(at, taken)
		if t.Dials++; !ok || !n.dial(at, addr) {
			continue
		}
		open(addr)
		allPicked = allPicked && n.w.addrs[addr].evil
	}
	for dials := 0; allPicked && spare > 0 && dials < maxDials; dials++ {
		if addr, ok := n.book.Pick(at, taken); ok && n.w.isUp(addr, at) {
			spare--
			allPicked = n.w.addrs[addr].evil
		}
	}
	n.score(t, allPicked)
}

// score counts what a restart came to.
func (n *node) score(t *Tally, bare bool) {
	evil := 0
	for _, l := range n.links {
		if n.w.addrs[l].evil {
			evil++
		}
	}
	t.Restarts++
	t.Evil += evil
	t.Links += len(n.links)
	if evil == len(n.links) {
		t.Eclipsed++
	}
	if bare {
		t.Bare++
	}
	if len(n.links) < fullLinks+anchorLinks {
		t.Short++
	}
}

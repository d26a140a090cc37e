package pipenet

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/multiformats/go-multiaddr"
)

// Silence is how long a connection between hosts that are kept apart lives on. Source:
// yamux's keep-alive and QUIC's idle time-out in libp2p, both 30 s.
const Silence = 30 * time.Second

// firstPort is where the ports begin that nobody asked for. Source: RFC 6335.
const firstPort = 49152

// Net is what connects the hosts, which have numbers from 0. It is safe for concurrent use.
type Net struct {
	latency func(from, to int) time.Duration
	sent    atomic.Int64

	mu        sync.Mutex
	listeners map[string]*listener        // by address
	homes     map[int]multiaddr.Multiaddr // by host
	cables    map[uint64]*cable           // that are not closed
	last      uint64                      // number of a cable
	port      int                         // given last

	cut  map[[2]int]struct{} // lower number first
	down map[int]struct{}
	part func(host int) int // nil: all are in one
}

// New returns a network whose bytes take a latency from one host to another, always the
// same for the two.
func New(latency func(from, to int) time.Duration) *Net {
	return &Net{
		latency: latency, port: firstPort, listeners: make(map[string]*listener), homes: make(map[int]multiaddr.Multiaddr), cables: make(map[uint64]*cable),
		cut: make(map[[2]int]struct{}), down: make(map[int]struct{}),
	}
}

// Sent is how many bytes all hosts have written to streams: without what encryption,
// multiplexing and TCP would add.
func (n *Net) Sent() int64 { return n.sent.Load() }

// Cut keeps two hosts apart from now on: what is sent between them waits until the cut is
// healed, as TCP's repetitions do, or is lost with the connection after [Silence].
func (n *Net) Cut(a, b int) {
	n.change(func() { n.cut[[2]int{min(a, b), max(a, b)}] = struct{}{} })
}

// Heal undoes [Net.Cut].
func (n *Net) Heal(a, b int) {
	n.change(func() { delete(n.cut, [2]int{min(a, b), max(a, b)}) })
}

// Split keeps hosts apart that are in different parts; nil makes the network whole.
func (n *Net) Split(part func(host int) int) { n.change(func() { n.part = part }) }

// Drop takes a host off the network without a goodbye, as a power cut does.
func (n *Net) Drop(host int) { n.change(func() { n.down[host] = struct{}{} }) }

func (n *Net) change(what func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	what()
	for _, number := range slices.Sorted(maps.Keys(n.cables)) {
		c := n.cables[number]
		c.keepApart(n.apart(c.ends[0].local.host, c.ends[1].local.host))
	}
}

// apart says whether two hosts are; mu is held.
func (n *Net) apart(a, b int) bool {
	_, cut := n.cut[[2]int{min(a, b), max(a, b)}]
	_, one := n.down[a]
	_, other := n.down[b]
	return cut || one || other || (n.part != nil && n.part(a) != n.part(b))
}

// cable is a connection with both its ends.
type cable struct {
	number uint64
	ends   [2]*conn
	lines  [2]*line    // the i-th carries what the i-th end sends
	apart  bool        // under the net's mu
	silent *time.Timer // ends it
}

// keepApart stops the cable, or lets it go on.
func (c *cable) keepApart(apart bool) {
	if c.apart == apart {
		return
	}
	c.apart = apart
	for _, l := range c.lines {
		l.hold(apart)
	}
	if !apart {
		c.silent.Stop()
		return
	}
	c.silent = time.AfterFunc(Silence, func() {
		for _, end := range c.ends {
			end.fail(errSilent)
		}
	})
}

// join makes a connection between two hosts, unless they are apart; nil if so.
func (n *Net) join(from, to *Transport, ends [2]*conn) *cable {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.apart(from.host, to.host) {
		return nil
	}
	n.last++
	c := &cable{number: n.last, ends: ends}
	for i, end := range ends {
		far := ends[1-i]
		c.lines[i] = &line{delay: n.latency(end.local.host, far.local.host), to: far}
		end.out, end.cable = c.lines[i], c
	}
	n.cables[c.number] = c
	return c
}

// forget is called when an end has closed; the other learns of it in its own time.
func (n *Net) forget(c *cable) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.ends[0].IsClosed() && c.ends[1].IsClosed() {
		delete(n.cables, c.number)
		if c.silent != nil {
			c.silent.Stop()
		}
	}
}

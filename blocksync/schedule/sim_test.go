package schedule

import (
	"container/heap"
	"crypto/sha256"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// network simulates peers behind links with a rate and a delay, and a validator
// that needs a fixed time for each block. It drives a Schedule as a node does.
type network struct {
	cfg   Config
	s     *Schedule
	start time.Time
	now   time.Time
	queue events
	seq   int

	servers []*server
	labels  map[chainhash.Hash]string
	plan    map[int32]chainhash.Hash
	end     int32
	size    func(label string) int
	factor  int64 // cost = size × factor

	bodies    map[chainhash.Hash]bool // held by the driver
	validate  time.Duration
	busy      bool
	validated int32
	finished  time.Time // last block validated
	peak      int64     // most of Stats.Used
	slack     int64     // largest cost of a block

	out   io.Writer
	trace bool
	spins int // timers due at once in a row
	fail  func(format string, args ...any)
}

// server is one peer: it answers in order, at its rate.
type server struct {
	id      peer.ID
	rate    float64 // bytes per second
	delay   time.Duration
	free    time.Time // its uplink has sent everything
	joined  bool
	silent  bool
	session int // answers of earlier sessions are lost
	held    []func()
	lacks   func(label string) bool
	mutates func(label string) bool
	height  int32
}

type event struct {
	at  time.Time
	seq int
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if e[i].at.Equal(e[j].at) {
		return e[i].seq < e[j].seq
	}
	return e[i].at.Before(e[j].at)
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func newNetwork(cfg Config, out io.Writer, fail func(string, ...any)) *network {
	start := time.Unix(1_700_000_000, 0)
	return &network{
		cfg: cfg, s: New(cfg), start: start, now: start, finished: start,
		labels: make(map[chainhash.Hash]string), plan: make(map[int32]chainhash.Hash),
		bodies: make(map[chainhash.Hash]bool),
		size:   func(string) int { return 100_000 }, factor: 1,
		out: out, fail: fail,
	}
}

func (n *network) hash(label string) chainhash.Hash {
	h := chainhash.Hash(sha256.Sum256([]byte(label)))
	n.labels[h] = label
	return h
}

func (n *network) at(t time.Time, do func()) {
	n.seq++
	heap.Push(&n.queue, event{at: t, seq: n.seq, do: do})
}

func (n *network) notef(format string, args ...any) {
	fmt.Fprintf(n.out, "%8.3fs %s\n", n.now.Sub(n.start).Seconds(), fmt.Sprintf(format, args...))
}

// want plans heights from+1 up to to, with the given prefix as branch.
func (n *network) want(prefix string, from, to int32) {
	for h := from + 1; h <= to; h++ {
		n.plan[h] = n.hash(fmt.Sprintf("%s%d", prefix, h))
	}
	n.end = to
	base := min(n.validated, from)
	hashes := make([]chainhash.Hash, 0, to-base)
	for h := base + 1; h <= to; h++ {
		hashes = append(hashes, n.plan[h])
	}
	n.validated = base
	for _, h := range n.s.Want(n.now, base, hashes) {
		n.discard(h)
	}
	n.settle()
}

func (n *network) discard(h chainhash.Hash) {
	if !n.bodies[h] {
		n.fail("%s dropped but not held", n.labels[h])
	}
	delete(n.bodies, h)
}

func (n *network) join(v *server) {
	v.joined = true
	v.session++
	v.free = n.now
	v.held = nil
	n.s.Join(n.now, v.id)
	n.s.Has(v.id, v.height)
	n.settle()
}

func (n *network) leave(v *server) {
	v.joined = false
	v.session++
	n.s.Leave(n.now, v.id)
	n.settle()
}

func (n *network) resume(v *server) {
	v.silent = false
	v.free = n.now
	held := v.held
	v.held = nil
	for _, send := range held {
		send()
	}
	n.settle()
}

// settle does what a driver does after every event.
func (n *network) settle() {
	for _, st := range n.s.Tick(n.now) {
		n.notef("stall %s after %v", string(st.Peer), st.Timeout)
	}
	for _, r := range n.s.Assign(n.now) {
		if n.trace {
			n.notef("ask %s %s", string(r.Peer), n.names(r.Hashes))
		}
		n.ask(r)
	}
	n.validateNext()
	st := n.s.Stats()
	n.peak = max(n.peak, st.Used)
	if st.Used > n.cfg.Budget+n.slack {
		n.fail("used %d of %d", st.Used, n.cfg.Budget)
	}
	if st.Reserved < 0 || st.Used < 0 {
		n.fail("negative account: %+v", st)
	}
}

func (n *network) ask(r Request) {
	for _, v := range n.servers {
		if v.id == r.Peer {
			for _, h := range r.Hashes {
				n.serve(v, h)
			}
			return
		}
	}
}

// serve sends one answer behind those that are queued on v's uplink.
func (n *network) serve(v *server, h chainhash.Hash) {
	label, session, asked := n.labels[h], v.session, n.now
	send := func() {
		size := n.size(label)
		if v.lacks != nil && v.lacks(label) {
			size = 61 // a notfound
		}
		begin := asked.Add(v.delay)
		if v.free.After(begin) {
			begin = v.free
		}
		v.free = begin.Add(time.Duration(float64(size) / v.rate * float64(time.Second)))
		n.at(v.free.Add(v.delay), func() {
			if v.session == session {
				n.arrive(v, h, size)
			}
		})
	}
	if v.silent {
		v.held = append(v.held, send)
		return
	}
	send()
}

func (n *network) arrive(v *server, h chainhash.Hash, size int) {
	if v.silent {
		v.held = append(v.held, func() { n.arrive(v, h, size) })
		return
	}
	label := n.labels[h]
	switch {
	case v.lacks != nil && v.lacks(label):
		n.notef("missing %s at %s", label, string(v.id))
		n.s.Missing(n.now, v.id, h)
	case v.mutates != nil && v.mutates(label):
		n.notef("refused %s from %s", label, string(v.id))
		n.s.Refused(n.now, v.id, h)
	default:
		cost := int64(size) * n.factor
		n.slack = max(n.slack, cost)
		verdict, evicted := n.s.Received(n.now, v.id, h, size, cost)
		if verdict == Keep {
			if n.bodies[h] {
				n.fail("%s kept twice", label)
			}
			n.bodies[h] = true
		}
		if n.trace {
			n.notef("got %s from %s: %s", label, string(v.id), verdict)
		}
		if len(evicted) > 0 && n.trace {
			n.notef("evicted %s", n.names(evicted))
		}
		for _, e := range evicted {
			n.discard(e)
		}
	}
}

func (n *network) validateNext() {
	for !n.busy {
		h, height, ok := n.s.Ready()
		if !ok {
			return
		}
		if !n.bodies[h] {
			n.fail("%s is ready but not held", n.labels[h])
		}
		delete(n.bodies, h)
		n.busy = true
		done := func() {
			n.busy = false
			if n.plan[height] != h {
				n.s.Done(n.now, h) // left out of the plan meanwhile
				return
			}
			if height != n.validated+1 {
				n.fail("%s validated after height %d", n.labels[h], n.validated)
			}
			n.validated, n.finished = height, n.now
			n.s.Done(n.now, h)
		}
		if n.validate > 0 {
			n.at(n.now.Add(n.validate), done)
			return
		}
		done()
		for _, r := range n.s.Assign(n.now) {
			if n.trace {
				n.notef("ask %s %s", string(r.Peer), n.names(r.Hashes))
			}
			n.ask(r)
		}
	}
}

// run goes on until the plan is validated or the time is over.
func (n *network) run(limit time.Duration) {
	deadline := n.now.Add(limit)
	n.settle()
	for n.validated < n.end {
		at, ok := n.nextEvent()
		if !ok || at.After(deadline) {
			n.now = deadline
			return
		}
		n.now = at
		for len(n.queue) > 0 && !n.queue[0].at.After(n.now) {
			heap.Pop(&n.queue).(event).do()
		}
		n.settle()
	}
}

// nextEvent is the time of the next arrival or of the schedule's own timer.
func (n *network) nextEvent() (time.Time, bool) {
	at := n.s.Next(n.now)
	if !at.IsZero() && at.Before(n.now) {
		n.fail("Next is in the past by %v", n.now.Sub(at))
	}
	if !at.IsZero() && at.Equal(n.now) {
		if n.spins++; n.spins > 3 {
			n.fail("a due timer spins: %+v", n.s.Stats())
		}
	} else {
		n.spins = 0
	}
	if len(n.queue) > 0 && (at.IsZero() || n.queue[0].at.Before(at)) {
		at = n.queue[0].at
	}
	return at, !at.IsZero()
}

func (n *network) report() {
	st := n.s.Stats()
	n.notef("validated %d of %d, received %d, wasted %d, dropped %d, duplicated %d, stalls %d, most held %d",
		n.validated, n.end, st.Received, st.Wasted, st.Dropped, st.Duplicated, st.Stalls, n.peak)
}

// names writes runs as first..last.
func (n *network) names(hashes []chainhash.Hash) string {
	var b strings.Builder
	for i := 0; i < len(hashes); {
		j := i
		for j+1 < len(hashes) && follows(n.labels[hashes[j]], n.labels[hashes[j+1]]) {
			j++
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(n.labels[hashes[i]])
		if j > i {
			b.WriteString(".." + n.labels[hashes[j]])
		}
		i = j + 1
	}
	return b.String()
}

func follows(a, b string) bool {
	pa, ha := split(a)
	pb, hb := split(b)
	return pa == pb && hb == ha+1
}

func split(label string) (prefix string, height int) {
	prefix = strings.TrimRight(label, "0123456789")
	height, err := strconv.Atoi(label[len(prefix):])
	if err != nil {
		panic(err) // labels are made here
	}
	return prefix, height
}

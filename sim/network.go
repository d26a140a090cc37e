package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/sim/graph"
)

// Network is a graph of simulated nodes. It is not safe for concurrent use; two
// networks may share a graph.
type Network struct {
	cfg   Config
	graph *graph.Graph
	rng   *rand.Rand // of everything but what nodes draw themselves
	ids   []peer.ID  // of nodes, then of the supernode's connections

	// What a run draws once.
	spies   []bool
	honest  []int32
	slow    []bool
	holes   []bool
	doomed  []bool   // crashes
	watched []int32  // nodes whose order of arrival is kept
	rows    []int8   // by node, the place in watched; -1 = none
	origin  [][]link // links at the beginning of a round

	// What a round begins with.
	round  int32
	now    time.Duration
	queue  queue
	batch  batches
	nodes  []node // made when something happens to them
	links  [][]link
	mesh   [][]int32
	online []bool // nil: all
	side   []bool
	free   []time.Duration // when a node's uplink is
	open   int             // transactions whose stories go on
	stories

	result *Result
}

// batches are lists of transactions that wait in events.
type batches struct {
	lists [][]int32
	spare []int32
}

// start is the time that routers and schedules are told a round begins.
var start = time.Unix(1_767_225_600, 0).UTC() // 2026-01-01

// New returns a network on a graph, which it does not change.
func New(cfg Config, g *graph.Graph) (*Network, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if g.Len() < 2 {
		return nil, fmt.Errorf("a network of %d nodes: two at least", g.Len())
	}
	n := &Network{cfg: cfg, graph: g, rng: rand.New(rand.NewPCG(cfg.Seed, 0))}
	ghosts := 0
	if cfg.Adversary.Kind == Supernode {
		ghosts = cfg.Adversary.Theta
	}
	n.ids = names(g.Len() + ghosts)
	n.cast()
	if len(n.honest) == 0 {
		return nil, fmt.Errorf("adversary: p %v leaves no honest node of %d", cfg.Adversary.Share, g.Len())
	}
	n.wire()
	return n, nil
}

// cast draws who is what.
func (n *Network) cast() {
	size := n.graph.Len()
	if n.cfg.Adversary.Kind == Spies {
		n.spies = n.some(n.cfg.Adversary.Share)
	}
	for v := range size {
		if n.spies == nil || !n.spies[v] {
			n.honest = append(n.honest, int32(v))
		}
	}
	f := n.cfg.Faults
	if f.Slow > 0 {
		n.slow = n.some(f.Slow)
	}
	if f.BlackHoles > 0 {
		n.holes = n.some(f.BlackHoles)
	}
	if f.Crashed > 0 {
		n.doomed = n.some(f.Crashed)
	}
	if f.HealAt > f.SplitAt {
		n.side = n.some(0.5)
	}
	n.watched = slices.Clone(n.honest)
	n.rng.Shuffle(len(n.watched), func(i, j int) { n.watched[i], n.watched[j] = n.watched[j], n.watched[i] })
	n.watched = n.watched[:min(len(n.watched), orders)]
	n.rows = slices.Repeat([]int8{-1}, size)
	for i, v := range n.watched {
		n.rows[v] = int8(i) // below orders
	}
}

// orders is how many nodes' orders of arrival are kept: 120 pairs to compare.
const orders = 16

// some draws a share of the nodes, rounded down.
func (n *Network) some(share float64) []bool {
	size := n.graph.Len()
	chosen := make([]bool, size)
	for _, v := range n.rng.Perm(size)[:int(share*float64(size)+1e-9)] {
		chosen[v] = true
	}
	return chosen
}

// wire makes the links of the graph, and those that spies add.
func (n *Network) wire() {
	size := n.graph.Len()
	n.origin = make([][]link, size)
	all := make([]link, 0, 2*n.graph.Edges())
	for v := range size {
		first := len(all)
		for _, u := range n.graph.Out(v) {
			all = append(all, link{peer: u, dialled: true})
		}
		for _, u := range n.graph.In(v) {
			all = append(all, link{peer: u})
		}
		if n.cfg.Adversary.DialAll && n.spies != nil {
			all = n.dialAll(all, int32(v))
		}
		n.origin[v] = tidy(all[first:])
		all = all[:first+len(n.origin[v])]
		for i := range n.origin[v] {
			l := &n.origin[v][i]
			l.delay = n.latency(int32(v), l.peer)
		}
	}
}

// dialAll adds the links that v has because spies dial everybody.
func (n *Network) dialAll(links []link, v int32) []link {
	for u := range int32(len(n.spies)) {
		switch {
		case u == v:
		case n.spies[v]:
			links = append(links, link{peer: u, dialled: true})
		case n.spies[u]:
			links = append(links, link{peer: u})
		}
	}
	return links
}

// tidy sorts links and makes one of two between the same nodes: dialled if this
// end has dialled at all.
func tidy(links []link) []link {
	slices.SortFunc(links, func(a, b link) int { return int(a.peer) - int(b.peer) })
	kept := links[:0]
	for _, l := range links {
		if k := len(kept); k > 0 && kept[k-1].peer == l.peer {
			kept[k-1].dialled = kept[k-1].dialled || l.dialled
			continue
		}
		kept = append(kept, l)
	}
	return slices.Clip(kept)
}

// Run plays all rounds, and returns early with an error when ctx ends.
func (n *Network) Run(ctx context.Context) (*Result, error) {
	n.result = &Result{Nodes: n.graph.Len(), Spies: n.spies, Honest: n.honest, Orders: make([][]int32, len(n.watched)), Trace: traceSeed}
	n.stories = newStories(n.graph.Len())
	for r := range n.cfg.Load.Rounds {
		n.begin(int32(r)) // rounds are few
		if err := n.play(ctx); err != nil {
			return nil, err
		}
		n.result.Lasted += n.now
	}
	n.result.Ranks = n.means()
	return n.result, nil
}

// begin forgets the last round and plans the next one.
func (n *Network) begin(round int32) {
	size := n.graph.Len()
	n.round, n.now, n.open = round, 0, 0
	n.queue.clear()
	n.batch = batches{}
	if n.nodes == nil {
		n.nodes = make([]node, size)
	} else {
		n.forget()
	}
	n.links = n.origin
	if n.cfg.Faults.Rotation.Mean > 0 {
		n.links = make([][]link, size)
		for v := range n.links {
			n.links[v] = slices.Clone(n.origin[v])
		}
	}
	if n.cfg.Links.Bandwidth > 0 {
		n.free = make([]time.Duration, size)
	}
	if n.gossips() && (n.mesh == nil || n.cfg.Faults.Rotation.Mean > 0) {
		n.mesh = n.weave()
	}
	n.planFaults()
	n.planLoad()
}

// forget drops the nodes that the last round has made. Most rounds of one
// transaction touch few.
func (n *Network) forget() {
	for _, v := range n.touched {
		n.nodes[v] = node{}
	}
	n.touched = n.touched[:0]
}

// gossips says whether anything spreads over a mesh.
func (n *Network) gossips() bool { return n.spreads() == Gossip }

// spreads is the mechanism that makes a transaction public.
func (n *Network) spreads() Mechanism {
	if n.cfg.Mechanism == Dandelion {
		return n.cfg.Fluff
	}
	return n.cfg.Mechanism
}

// yield is how many events pass between two looks at the context: a millisecond.
const yield = 4096

// play processes events until every transaction's story has ended.
func (n *Network) play(ctx context.Context) error {
	for n.open > 0 {
		e, ok := n.queue.pop()
		if !ok {
			return nil
		}
		n.now = time.Duration(e.at)
		n.result.Events++
		n.result.Trace = mix(n.result.Trace, &e)
		n.happen(&e)
		if n.result.Events%yield == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

const traceSeed = 0xcbf29ce484222325

// mix adds an event to the trace's hash: FNV-1a on words.
func mix(h uint64, e *event) uint64 {
	const prime = 0x100000001b3
	h = (h ^ uint64(e.at)) * prime
	h = (h ^ uint64(e.kind)<<56 ^ uint64(uint32(e.to))<<24 ^ uint64(uint32(e.from))) * prime
	return (h ^ uint64(uint32(e.tx))) * prime
}

// time is now as routers are told it.
func (n *Network) time() time.Time { return start.Add(n.now) }

// supernode says whether a number is one of the supernode's connections.
func (n *Network) supernode(v int32) bool { return int(v) >= n.graph.Len() }

func (n *Network) up(v int32) bool { return n.online == nil || n.online[v] }

// put stores a batch and returns what an event says of it.
func (b *batches) put(txs []int32) int32 {
	if k := len(b.spare); k > 0 {
		i := b.spare[k-1]
		b.spare = b.spare[:k-1]
		b.lists[i] = append(b.lists[i][:0], txs...)
		return -1 - i
	}
	b.lists = append(b.lists, slices.Clone(txs))
	return -int32(len(b.lists))
}

// take returns a batch, which is overwritten by the next put.
func (b *batches) take(ref int32) []int32 {
	i := -1 - ref
	b.spare = append(b.spare, i)
	return b.lists[i]
}

// gather returns the transactions of hashes whose stories go on and that a node
// has, in a buffer that the next call overwrites.
func (n *Network) gather(v int32, hashes []chainhash.Hash) []int32 {
	n.buffer = n.buffer[:0]
	for i := range hashes {
		if tx := txOf(&hashes[i]); n.going(tx) && n.has(v, tx) {
			n.buffer = append(n.buffer, tx)
		}
	}
	return n.buffer
}

// fork draws a source for another owner.
func (n *Network) fork() rand.Source { return rand.NewPCG(n.rng.Uint64(), n.rng.Uint64()) }

// phase is how long it is until a node's next heartbeat.
func (n *Network) phase(v int32) time.Duration {
	beat := n.cfg.Mesh.Heartbeat
	offset := time.Duration(rand.NewPCG(n.cfg.Seed, uint64(v)).Uint64() % uint64(beat)) // numbers are not negative
	return beat - (n.now+offset)%beat
}

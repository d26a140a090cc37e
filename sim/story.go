package sim

import (
	"math"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/dandelion"
	"github.com/pappus-network/pappus/sim/spy"
)

// stories are what is noted of transactions while they travel.
type stories struct {
	size    int
	hashes  []chainhash.Hash // by transaction
	holders []holders        // by transaction; empty when its story has ended
	pending []int32          // transactions whose stories go on, by number
	touched []int32          // nodes that exist in this round
	ranks   []float64        // by node, sums
	heard   []int32          // by node, how many transactions

	buffer []int32
	single [1]int32
	peers  []dandelion.Peer
}

// holders are the nodes that have a transaction, a bit each.
type holders struct {
	bits   []uint64
	count  int     // of those that count
	claims []int32 // by node, 1 + who will tell it; nil unless Config.Claims
}

func newStories(size int) stories {
	return stories{size: size, ranks: make([]float64, size), heard: make([]int32, size)}
}

// open begins the story of a transaction and returns its number.
func (n *Network) openStory(source int32) int32 {
	tx := int32(len(n.result.Txs)) // one run sends fewer than 2³¹
	n.result.Txs = append(n.result.Txs, Tx{
		Source: source, Round: n.round, FluffedBy: -1,
		Fluffed: Never, T50: Never, T90: Never, T99: Never, Last: Never,
	})
	n.hashes = append(n.hashes, hashOf(tx, n.rng))
	h := holders{bits: make([]uint64, (n.size+63)/64)}
	if n.cfg.Claims {
		h.claims = make([]int32, n.size)
	}
	n.holders = append(n.holders, h)
	n.open++
	n.pending = append(n.pending, tx)
	return tx
}

// going says whether a transaction's story goes on.
func (n *Network) going(tx int32) bool { return n.holders[tx].bits != nil }

// end ends the story of a transaction: nothing that concerns it happens any more.
func (n *Network) end(tx int32) {
	if !n.going(tx) {
		return
	}
	n.holders[tx] = holders{count: n.holders[tx].count}
	n.open--
	if i, ok := slices.BinarySearch(n.pending, tx); ok {
		n.pending = slices.Delete(n.pending, i, i+1)
	}
}

func (n *Network) has(v, tx int32) bool {
	b := n.holders[tx].bits
	return b != nil && b[v>>6]>>(v&63)&1 != 0
}

// counts says whether a node counts among those that a transaction must reach.
func (n *Network) counts(v int32) bool { return n.doomed == nil || !n.doomed[v] }

// goal is how many nodes count.
func (n *Network) goal() int {
	if n.doomed == nil {
		return n.size
	}
	return n.size - int(n.cfg.Faults.Crashed*float64(n.size)+1e-9)
}

// arrived notes that a node has a transaction now.
func (n *Network) arrived(v, tx int32) {
	h, t := &n.holders[tx], &n.result.Txs[tx]
	h.bits[v>>6] |= 1 << (v & 63)
	if !n.counts(v) {
		return
	}
	goal := n.goal()
	n.ranks[v] += float64(h.count) / float64(goal)
	n.heard[v]++
	if i := n.rows[v]; i >= 0 {
		n.result.Orders[i] = append(n.result.Orders[i], tx)
	}
	h.count++
	t.Reached = h.count
	since := n.now - t.At
	if h.count == quantile(goal, 50) {
		t.T50 = since
	}
	if h.count == quantile(goal, 90) {
		t.T90 = since
	}
	if h.count == quantile(goal, 99) {
		t.T99 = since
	}
	if h.count == goal {
		t.Last = since
		n.queue.push(n.now+n.cfg.Load.Settle, event{kind: settle, to: v, from: -1, tx: tx})
	}
}

// quantile is how many of n nodes are so many per cent, rounded up.
func quantile(n, percent int) int { return (n*percent + 99) / 100 }

// sighted notes that the adversary has seen a transaction.
func (n *Network) sighted(to, from, tx int32, inStem bool) {
	t := &n.result.Txs[tx]
	t.Seen++
	if keep := n.cfg.Adversary.Keep; keep == 0 || len(t.Sightings) < keep {
		t.Sightings = append(t.Sightings, spy.Sighting{At: n.now - t.At, From: from, To: to, Stem: inStem})
	}
	if n.cfg.Load.FirstSighting {
		// A moment later, so that what is seen at the same time is seen.
		n.queue.push(n.now+1, event{kind: settle, to: from, from: -1, tx: tx})
	}
}

// spied notes what a spy, or the supernode, sees. Spies tell one another who
// they are and learn nothing from each other.
func (n *Network) spied(to, from, tx int32, inStem bool) {
	switch {
	case n.supernode(to):
		n.sighted(-1, from, tx, inStem)
	case n.spies != nil && n.spies[to] && !n.spies[from]:
		n.sighted(to, from, tx, inStem)
	}
}

// step notes what happens to the watched transaction.
func (n *Network) step(tx int32, what string, from, to int32) {
	if int(tx) == n.cfg.Watch {
		n.result.Steps = append(n.result.Steps, Step{At: n.now, What: what, From: from, To: to})
	}
}

// means returns the mean ranks.
func (s *stories) means() []float64 {
	means := make([]float64, s.size)
	for v := range means {
		means[v] = math.NaN()
		if s.heard[v] > 0 {
			means[v] = s.ranks[v] / float64(s.heard[v])
		}
	}
	return means
}

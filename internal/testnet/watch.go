package testnet

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/node"
)

// Watch notes when things happen at each of a number of nodes: the first time for each
// thing and node.
type Watch struct {
	nodes []*Node
	subs  []*node.Subscription
	stop  chan struct{}
	done  sync.WaitGroup

	mu     sync.Mutex
	things map[chainhash.Hash]*thing
}

// thing is one that happens at every node, or is to.
type thing struct {
	times []time.Time // by node; zero = not yet
	count int
	all   chan struct{} // closed when it has happened everywhere
}

// NewWatch watches from now on. What an event is about, and whether it counts, is told by
// a function. It must be stopped.
func NewWatch(nodes []*Node, about func(events.Event) (chainhash.Hash, bool)) *Watch {
	w := &Watch{nodes: nodes, stop: make(chan struct{}), things: make(map[chainhash.Hash]*thing)}
	for i, n := range nodes {
		sub := n.Bus().Subscribe()
		w.subs = append(w.subs, sub)
		w.done.Go(func() { // ends with Stop
			for {
				select {
				case <-w.stop:
					return
				case e := <-sub.C:
					if what, counts := about(e); counts {
						w.note(i, what)
					}
				}
			}
		})
	}
	return w
}

// AcceptedTxs is for [NewWatch]: transactions in mempools.
func AcceptedTxs(e events.Event) (chainhash.Hash, bool) {
	a, ok := e.(events.TxAccepted)
	return a.Tx, ok
}

// ConnectedBlocks is for [NewWatch]: blocks on main chains.
func ConnectedBlocks(e events.Event) (chainhash.Hash, bool) {
	b, ok := e.(events.BlockConnected)
	return b.Hash, ok
}

// of returns what is known of a thing; mu is held.
func (w *Watch) of(what chainhash.Hash) *thing {
	known, ok := w.things[what]
	if !ok {
		known = &thing{times: make([]time.Time, len(w.nodes)), all: make(chan struct{})}
		w.things[what] = known
	}
	return known
}

func (w *Watch) note(node int, what chainhash.Hash) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.of(what)
	if !known.times[node].IsZero() {
		return
	}
	known.times[node] = time.Now()
	if known.count++; known.count == len(w.nodes) {
		close(known.all)
	}
}

// Await waits until a thing has happened everywhere; false after limit.
func (w *Watch) Await(what chainhash.Hash, limit time.Duration) bool {
	w.mu.Lock()
	all := w.of(what).all
	w.mu.Unlock()
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-all:
		return true
	case <-late.C:
		return false
	}
}

// Times returns when a thing happened, by node; zero where it did not.
func (w *Watch) Times(what chainhash.Hash) []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.of(what).times)
}

// Since returns how long after a moment a thing happened at the nodes where it did,
// the first first.
func (w *Watch) Since(begun time.Time, what chainhash.Hash) []time.Duration {
	var all []time.Duration
	for _, at := range w.Times(what) {
		if !at.IsZero() {
			all = append(all, at.Sub(begun))
		}
	}
	slices.Sort(all)
	return all
}

// Stop ends the watch.
func (w *Watch) Stop() {
	close(w.stop)
	w.done.Wait()
	for _, sub := range w.subs {
		sub.Close()
	}
}

// Quantile returns the least of the sorted values that a share (0..1) of them does not
// exceed. There must be one.
func Quantile(sorted []time.Duration, share float64) time.Duration {
	rank := int(math.Ceil(share * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

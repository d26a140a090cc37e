package adverts

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// wakeup is when a router is to be called.
type wakeup struct {
	at   time.Time
	node int
}

type queue []wakeup

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(wakeup)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// network is routers that hear each other at once.
type network struct {
	routers []*Router
	index   map[peer.ID]int
	heard   []int // by node: how often it was told of the one that matters
	due     queue
}

func (n *network) id(i int) peer.ID { return peer.ID([]byte{byte(i >> 8), byte(i)}) }

func newNetwork(seed uint64, nodes, outbound int) *network {
	rng := rand.New(rand.NewPCG(seed, seed))
	n := &network{index: make(map[peer.ID]int), heard: make([]int, nodes)}
	for i := range nodes {
		n.routers = append(n.routers, New(DefaultConfig(), rand.NewPCG(seed, uint64(i)), start()))
		n.index[n.id(i)] = i
	}
	for i := range nodes {
		for _, j := range rng.Perm(nodes)[:outbound] {
			if i == j {
				continue
			}
			n.routers[i].Join(start(), n.id(j), true)
			n.routers[j].Join(start(), n.id(i), false)
			n.routers[j].Takes(n.id(i))
		}
	}
	return n
}

func (n *network) wake(i int) {
	if next := n.routers[i].Next(); !next.IsZero() {
		heap.Push(&n.due, wakeup{next, i})
	}
}

// run delivers what is sent until an end, and says how many messages there were.
func (n *network) run(end time.Time) (messages int) {
	for i := range n.routers {
		n.wake(i)
	}
	for n.due.Len() > 0 {
		w := heap.Pop(&n.due).(wakeup)
		if w.at.After(end) {
			break
		}
		for _, s := range n.routers[w.node].Tick(w.at) {
			messages++
			to := n.index[s.To]
			all := s.Adverts
			if s.Own {
				all = []Advert{about(n.id(w.node), w.at)}
			}
			for _, a := range all[:n.routers[to].Admit(w.at, n.id(w.node), len(all))] {
				n.heard[to]++
				n.routers[to].Heard(w.at, n.id(w.node), a, len(all), many)
			}
			n.wake(to)
		}
		n.wake(w.node)
	}
	return messages
}

// An advert reaches most of a network within a minute. Where each passes it on to two drawn from
// all, a share x = 1 − e^(−2x), 0.797, hears of it; here each of a node's 16 links points to
// it with probability 2/16, and x = 1 − (1 − 2/16)^16x, 0.83. It costs two messages for each that
// has heard.
func TestAdvertReachesMostOfANetwork(t *testing.T) {
	const nodes = 1000
	var share, messages float64
	const runs = 10
	for seed := range uint64(runs) {
		n := newNetwork(seed, nodes, 8)
		n.routers[0].Own(start(), 1)
		messages += float64(n.run(start().Add(time.Minute))) / runs
		reached := 0
		for _, times := range n.heard {
			if times > 0 {
				reached++
			}
		}
		share += float64(reached) / nodes / runs
	}
	t.Logf("%.3f of the nodes hear of one, by %.0f messages", share, messages)
	if share < 0.80 || share > 0.86 || messages > 2*nodes {
		t.Errorf("%.3f of the nodes hear of one, by %.0f messages", share, messages)
	}
}

// All of them start at once: what nobody has budget for is left out, and each is known to
// many others nevertheless.
func TestEverybodyAdvertisesAtOnce(t *testing.T) {
	const nodes = 120
	n := newNetwork(1, nodes, 8)
	for _, r := range n.routers {
		r.Own(start(), 1)
	}
	n.run(start().Add(time.Minute))
	for i, times := range n.heard {
		if times < 20 { // 8 dial it on average, and each brings others' word
			t.Errorf("node %d was told of others %d times", i, times)
		}
	}
}

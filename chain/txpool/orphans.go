package txpool

import (
	"cmp"
	"container/list"
	"slices"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// orphan is a transaction that waits for others that it spends from.
type orphan struct {
	tx      *btcutil.Tx
	weight  int
	added   time.Time
	number  uint64
	missing []chainhash.Hash // that have not come
	from    []string         // its senders, the first first
	places  map[string]*list.Element
	ready   bool // all have come
}

// share is one sender's orphans.
type share struct {
	all    *list.List // of *orphan, the oldest first
	weight int
	ready  []*orphan // that may be tried; those that are not ready any more are skipped
}

// orphanage keeps orphans by what they wait for. Each sender has a share that nobody
// else can touch: who sends too many loses its own oldest, and what several have sent
// stays as long as one of them has it. Those whose parents have come are taken out
// in turns, one of each sender. Copies with other witnesses are others, so that a
// spoilt one shadows nothing. It is not safe for concurrent use.
type orphanage struct {
	cfg     Config
	byID    map[chainhash.Hash]*orphan // by wtxid
	waiting map[chainhash.Hash]map[*orphan]struct{}
	shares  map[string]*share
	count   int      // of all shares
	number  uint64   // of the last
	turns   []string // senders with something ready
}

func newOrphanage(cfg Config) *orphanage {
	return &orphanage{
		cfg: cfg, byID: make(map[chainhash.Hash]*orphan),
		waiting: make(map[chainhash.Hash]map[*orphan]struct{}), shares: make(map[string]*share),
	}
}

// add keeps a transaction for a sender until those that it misses have come.
func (o *orphanage) add(now time.Time, tx *btcutil.Tx, missing []chainhash.Hash, from string) {
	n, ok := o.byID[*tx.WitnessHash()]
	if !ok {
		o.number++
		n = &orphan{
			tx: tx, weight: int(blockchain.GetTransactionWeight(tx)), added: now, number: o.number, // at most 400,000
			places: make(map[string]*list.Element),
		}
		o.byID[*tx.WitnessHash()] = n
		o.await(n, missing)
	}
	if _, ok := n.places[from]; ok {
		return
	}
	s := o.shares[from]
	if s == nil {
		s = &share{all: list.New()}
		o.shares[from] = s
	}
	n.from = append(n.from, from)
	n.places[from] = s.all.PushBack(n)
	s.weight += n.weight
	o.count++
	for s.weight > o.cfg.OrphanWeight {
		o.withdraw(o.oldest(from), from)
	}
	for o.count > o.cfg.Orphans {
		greedy := o.greediest()
		o.withdraw(o.oldest(greedy), greedy)
	}
}

// await has an orphan wait for others.
func (o *orphanage) await(n *orphan, missing []chainhash.Hash) {
	n.missing, n.ready = slices.Clone(missing), false
	for _, parent := range n.missing {
		if o.waiting[parent] == nil {
			o.waiting[parent] = make(map[*orphan]struct{})
		}
		o.waiting[parent][n] = struct{}{}
	}
}

func (o *orphanage) stopWaiting(n *orphan) {
	for _, parent := range n.missing {
		delete(o.waiting[parent], n)
		if len(o.waiting[parent]) == 0 {
			delete(o.waiting, parent)
		}
	}
	n.missing = nil
}

func (o *orphanage) oldest(from string) *orphan {
	n, _ := o.shares[from].all.Front().Value.(*orphan)
	return n
}

// greediest returns the sender of most orphans, by name among equals.
func (o *orphanage) greediest() string {
	most, n := "", -1
	for from, s := range o.shares {
		if s.all.Len() > n || (s.all.Len() == n && from < most) {
			most, n = from, s.all.Len()
		}
	}
	return most
}

// withdraw takes an orphan out of a sender's share, and away if nobody else has it.
func (o *orphanage) withdraw(n *orphan, from string) {
	s := o.shares[from]
	s.all.Remove(n.places[from])
	s.weight -= n.weight
	o.count--
	if s.all.Len() == 0 {
		delete(o.shares, from)
	}
	delete(n.places, from)
	n.from = slices.DeleteFunc(n.from, func(f string) bool { return f == from })
	if len(n.from) > 0 {
		if n.ready {
			o.queue(n)
		}
		return
	}
	n.ready = false
	o.stopWaiting(n)
	delete(o.byID, *n.tx.WitnessHash())
}

// drop forgets one, if it is here.
func (o *orphanage) drop(wtxid chainhash.Hash) {
	n, ok := o.byID[wtxid]
	if !ok {
		return
	}
	for _, from := range slices.Clone(n.from) {
		o.withdraw(n, from)
	}
}

// leave forgets a sender's.
func (o *orphanage) leave(from string) {
	for o.shares[from] != nil {
		o.withdraw(o.oldest(from), from)
	}
}

// expire forgets those that have waited too long.
func (o *orphanage) expire(now time.Time) {
	for wtxid, n := range o.byID {
		if now.Sub(n.added) >= o.cfg.OrphanExpiry {
			o.drop(wtxid)
		}
	}
}

// arrived notes that a transaction has come that others may wait for.
func (o *orphanage) arrived(txid chainhash.Hash) {
	waiting := o.waiting[txid]
	if len(waiting) == 0 {
		return
	}
	delete(o.waiting, txid)
	var ready []*orphan
	for n := range waiting {
		n.missing = slices.DeleteFunc(n.missing, func(h chainhash.Hash) bool { return h == txid })
		if len(n.missing) == 0 {
			ready = append(ready, n)
		}
	}
	slices.SortFunc(ready, func(a, b *orphan) int { return cmp.Compare(a.number, b.number) })
	for _, n := range ready {
		n.ready = true
		o.queue(n)
	}
}

// queue has an orphan wait for its turn among those of its first sender.
func (o *orphanage) queue(n *orphan) {
	from := n.from[0]
	s := o.shares[from]
	if len(s.ready) == 0 {
		o.turns = append(o.turns, from)
	}
	s.ready = append(s.ready, n)
}

// next returns the orphan whose turn it is, or nil. It stays here.
func (o *orphanage) next() *orphan {
	for len(o.turns) > 0 {
		from := o.turns[0]
		o.turns = o.turns[1:]
		s := o.shares[from]
		if s == nil || len(s.ready) == 0 {
			continue // has left
		}
		n := s.ready[0]
		s.ready = s.ready[1:]
		if len(s.ready) > 0 {
			o.turns = append(o.turns, from)
		}
		if n.ready && n.from[0] == from {
			n.ready = false
			return n
		}
	}
	return nil
}

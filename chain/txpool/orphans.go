package txpool

import (
	"slices"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// orphan is a transaction that waits for one that it spends from.
type orphan struct {
	tx     *btcutil.Tx
	from   string
	weight int
	added  time.Time
}

// orphanage keeps orphans by what they wait for. Each sender has a share that
// nobody else can touch: who sends too many loses its own oldest. It is not safe
// for concurrent use.
type orphanage struct {
	cfg      Config
	byID     map[chainhash.Hash]*orphan
	byParent map[chainhash.Hash][]*orphan
	bySender map[string][]*orphan // oldest first
	weights  map[string]int
}

func newOrphanage(cfg Config) *orphanage {
	return &orphanage{
		cfg: cfg, byID: make(map[chainhash.Hash]*orphan), byParent: make(map[chainhash.Hash][]*orphan),
		bySender: make(map[string][]*orphan), weights: make(map[string]int),
	}
}

// add keeps a transaction; one that is here stays its first sender's.
func (o *orphanage) add(now time.Time, tx *btcutil.Tx, from string) {
	if _, ok := o.byID[*tx.Hash()]; ok {
		return
	}
	n := &orphan{tx, from, int(blockchain.GetTransactionWeight(tx)), now} // at most 400,000
	o.byID[*tx.Hash()] = n
	for _, parent := range parentsOf(tx) {
		o.byParent[parent] = append(o.byParent[parent], n)
	}
	o.bySender[from] = append(o.bySender[from], n)
	o.weights[from] += n.weight
	for o.weights[from] > o.cfg.OrphanWeight {
		o.remove(o.bySender[from][0])
	}
	for len(o.byID) > o.cfg.Orphans {
		o.remove(o.bySender[o.greediest()][0])
	}
}

// greediest returns the sender of most orphans, by name among equals.
func (o *orphanage) greediest() string {
	var most string
	for from, all := range o.bySender {
		if n := len(o.bySender[most]); len(all) > n || (len(all) == n && from < most) {
			most = from
		}
	}
	return most
}

func (o *orphanage) remove(n *orphan) {
	hash := *n.tx.Hash()
	if o.byID[hash] != n {
		return
	}
	delete(o.byID, hash)
	same := func(m *orphan) bool { return m == n }
	for _, parent := range parentsOf(n.tx) {
		if rest := slices.DeleteFunc(o.byParent[parent], same); len(rest) > 0 {
			o.byParent[parent] = rest
		} else {
			delete(o.byParent, parent)
		}
	}
	if rest := slices.DeleteFunc(o.bySender[n.from], same); len(rest) > 0 {
		o.bySender[n.from] = rest
		o.weights[n.from] -= n.weight
	} else {
		delete(o.bySender, n.from)
		delete(o.weights, n.from)
	}
}

// children takes out what waits for a transaction, oldest first.
func (o *orphanage) children(parent chainhash.Hash) []*orphan {
	all := slices.Clone(o.byParent[parent])
	for _, n := range all {
		o.remove(n)
	}
	return all
}

// leave forgets a sender's.
func (o *orphanage) leave(from string) {
	for _, n := range slices.Clone(o.bySender[from]) {
		o.remove(n)
	}
}

// drop forgets one, if it is here.
func (o *orphanage) drop(hash chainhash.Hash) {
	if n, ok := o.byID[hash]; ok {
		o.remove(n)
	}
}

// expire forgets those that have waited too long.
func (o *orphanage) expire(now time.Time) {
	for _, n := range o.byID {
		if now.Sub(n.added) >= o.cfg.OrphanExpiry {
			o.remove(n)
		}
	}
}

// parentsOf returns the transactions that one spends from, each once.
func parentsOf(tx *btcutil.Tx) []chainhash.Hash {
	var all []chainhash.Hash
	for _, in := range tx.MsgTx().TxIn {
		if !slices.Contains(all, in.PreviousOutPoint.Hash) {
			all = append(all, in.PreviousOutPoint.Hash)
		}
	}
	return all
}

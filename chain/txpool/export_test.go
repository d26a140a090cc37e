package txpool

import (
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
)

// CountLookups adds to count how many outputs the chain is asked for, for what is submitted
// from now on. The pool must be empty.
func (p *Pool) CountLookups(count *int) {
	fetch := p.base.FetchUtxoView
	p.base.FetchUtxoView = func(tx *btcutil.Tx) (*blockchain.UtxoViewpoint, error) {
		*count += len(tx.MsgTx().TxIn)
		return fetch(tx)
	}
	p.btc = p.validator(p.base.FetchUtxoView, &p.seen)
}

// Problems says where the pool's parts contradict each other.
func (p *Pool) Problems() (all []string) {
	p.writing.Lock()
	defer p.writing.Unlock()
	complain := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	g := p.graph
	if n := p.btc.Count(); n != len(g.entries) || len(g.worst) != n {
		complain("btcd has %d, the graph %d, the heap %d", n, len(g.entries), len(g.worst))
	}
	var memory, size int64
	var fee btcutil.Amount
	inputs := 0
	for hash, e := range g.entries {
		if !p.btc.IsTransactionInPool(&hash) {
			complain("btcd lacks %v", hash)
		}
		memory, size, fee = memory+e.memory, size+e.Size, fee+e.Fee
		var familyFee btcutil.Amount
		var familySize int64
		for _, d := range g.descendants(e) {
			familyFee, familySize = familyFee+d.Fee, familySize+d.Size
			if !p.here(d) {
				complain("%v has a child that is gone", hash)
			}
		}
		if familyFee != e.familyFee || familySize != e.familySize {
			complain("%v's family pays %d for %d, not %d for %d", hash, familyFee, familySize, e.familyFee, e.familySize)
		}
		if n := len(g.ancestors(e)); n > p.cfg.MaxChain {
			complain("%v has %d ancestors", hash, n)
		}
		if n := len(g.descendants(e)); n > p.cfg.MaxChain {
			complain("%v has %d descendants", hash, n)
		}
		if g.worst[e.index] != e || (e.index > 0 && g.worst.Less(e.index, (e.index-1)/2)) {
			complain("%v is out of place in the heap", hash)
		}
		inputs += len(e.Tx.MsgTx().TxIn)
		for _, in := range e.Tx.MsgTx().TxIn {
			if g.spends[in.PreviousOutPoint] != e {
				complain("%v spends what is not noted", hash)
			}
		}
		view, err := p.view(e.Tx)
		if err != nil {
			complain("%v", err)
			continue
		}
		for _, in := range e.Tx.MsgTx().TxIn {
			if out := view.LookupEntry(in.PreviousOutPoint); out == nil || out.IsSpent() {
				complain("%v spends %v, which is not there", hash, in.PreviousOutPoint)
			}
		}
	}
	if memory != g.memory || size != g.size || fee != g.fee || inputs != len(g.spends) {
		complain("sums are %d, %d, %d, %d; noted are %d, %d, %d, %d", memory, size, fee, inputs, g.memory, g.size, g.fee, len(g.spends))
	}
	return append(all, p.orphans.problems()...)
}

func (o *orphanage) problems() (all []string) {
	complain := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	count, waiting := 0, 0
	for from, s := range o.shares {
		weight := 0
		for at := s.all.Front(); at != nil; at = at.Next() {
			n, _ := at.Value.(*orphan)
			weight += n.weight
			if o.byID[*n.tx.WitnessHash()] != n || n.places[from] != at {
				complain("%q's orphan %v is not kept", from, n.tx.Hash())
			}
		}
		count += s.all.Len()
		if weight != s.weight || weight > o.cfg.OrphanWeight {
			complain("%q has %d weight units, noted are %d", from, weight, s.weight)
		}
	}
	for _, n := range o.byID {
		count -= len(n.from)
		waiting += len(n.missing)
		if len(n.from) == 0 || len(n.from) != len(n.places) {
			complain("%v has senders %q and %d places", n.tx.Hash(), n.from, len(n.places))
		}
		if !n.ready && len(n.missing) == 0 {
			complain("%v waits for nothing", n.tx.Hash())
		}
	}
	for _, children := range o.waiting {
		waiting -= len(children)
	}
	if count != 0 || waiting != 0 || o.count > o.cfg.Orphans {
		complain("%d orphans too many in shares, %d among those that wait; %d in all", count, waiting, o.count)
	}
	return all
}

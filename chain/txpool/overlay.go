package txpool

import (
	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/mining"
)

// view returns what a transaction spends, in the chain or in the pool.
func (p *Pool) view(tx *btcutil.Tx) (*blockchain.UtxoViewpoint, error) {
	view, err := p.base.FetchUtxoView(tx)
	if err != nil {
		return nil, err
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, in := range tx.MsgTx().TxIn {
		out := in.PreviousOutPoint
		if e := view.LookupEntry(out); e != nil && !e.IsSpent() {
			continue
		}
		if parent, ok := p.graph.entries[out.Hash]; ok {
			view.AddTxOut(parent.Tx, out.Index, mining.UnminedHeight)
		}
	}
	return view, nil
}

// Overlay returns a pool of its own, empty and under the same rules, that stands on
// this one: its transactions may spend what waits here. That they conflict with
// what waits here it does not notice: ask [Pool.Conflicts]; nor does it ask for more
// than the least relayed fee: see [Pool.MinFee]. It validates one transaction at a
// time.
func (p *Pool) Overlay() *mempool.TxPool { return p.validator(p.view, &look{}) }

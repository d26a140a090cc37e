package txpool

import (
	"cmp"
	"slices"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/mining"
)

// choice is how many virtual bytes mining chooses from: two blocks, so that what is
// too large for the rest of one has others in its place. btcd's generator looks up
// the outputs of all that it is given, which takes seconds for a full pool.
const choice = 2 * blockchain.MaxBlockWeight / blockchain.WitnessScaleFactor

// MostChosen bounds the transactions that mining chooses from, but for ancestors: they
// have at least 65 bytes.
const MostChosen = choice / mempool.MinStandardTxNonWitnessSize

// Source is what mining chooses from.
func (p *Pool) Source() mining.TxSource { return source{p} }

type source struct{ pool *Pool }

// LastUpdated implements mining.TxSource.
func (s source) LastUpdated() time.Time { return s.pool.btc.LastUpdated() }

// HaveTransaction implements mining.TxSource.
func (s source) HaveTransaction(txid *chainhash.Hash) bool { return s.pool.Have(*txid) }

// MiningDescs implements mining.TxSource: the best of the pool, each with its
// unconfirmed ancestors, and at the fee rate that its children raise it to.
func (s source) MiningDescs() []*mining.TxDesc {
	type scored struct {
		*entry
		rate float64
	}
	s.pool.mu.RLock()
	defer s.pool.mu.RUnlock()
	all := make([]scored, 0, len(s.pool.graph.entries))
	for _, e := range s.pool.graph.entries {
		all = append(all, scored{e, e.score()})
	}
	slices.SortFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.rate, a.rate), cmp.Compare(a.order, b.order))
	})
	var (
		descs  []*mining.TxDesc
		size   int64
		chosen = make(map[*entry]struct{})
	)
	for _, best := range all {
		for queue := []*entry{best.entry}; len(queue) > 0; queue = queue[1:] {
			e := queue[0]
			if _, ok := chosen[e]; ok {
				continue
			}
			chosen[e] = struct{}{}
			size += e.Size
			descs = append(descs, &mining.TxDesc{
				Tx: e.Tx, Added: e.Added, Height: e.Height, Fee: int64(e.Fee), FeePerKB: int64(e.score()),
			})
			queue = append(queue, e.parents...)
		}
		if size > choice {
			break
		}
	}
	return descs
}

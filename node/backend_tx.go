package node

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/protocols/status"
	"github.com/pappus-network/pappus/relay/journal"
)

// CheckTx implements api.Mempool.
func (b backend) CheckTx(tx *btcutil.Tx) (btcutil.Amount, int64, error) {
	fee, size, err := b.node.chain.Mempool().Check(time.Now(), tx)
	return fee, size, submitError(err)
}

// Limits implements api.Mempool.
func (b backend) Limits() api.MempoolLimits {
	i := b.node.chain.Mempool().Info(time.Now())
	return api.MempoolLimits{Memory: i.Memory, MaxMemory: i.MaxMemory, MinFee: i.MinFee, MinRelayFee: i.MinRelayFee, Incremental: i.Incremental}
}

// SaveMempool implements api.Control.
func (b backend) SaveMempool(ctx context.Context) (string, error) {
	return b.node.cfg.Dir(), b.node.chain.Mempool().Dump(ctx, b.node.relaying.dump)
}

// OwnTxs implements api.Own.
func (b backend) OwnTxs() []api.OwnTx {
	situation := b.situation()
	var all []api.OwnTx
	for _, e := range b.node.relaying.journal.List() {
		if o, ok := ownTx(e, b.priced(situation, e.Tx)); ok {
			all = append(all, o)
		}
	}
	return all
}

// OwnTx implements api.Own.
func (b backend) OwnTx(txid chainhash.Hash) (api.OwnTx, bool) {
	e, ok := b.node.relaying.journal.Entry(txid)
	if !ok {
		return api.OwnTx{}, false
	}
	return ownTx(e, b.priced(b.situation(), txid))
}

// AbortTx implements api.Own.
func (b backend) AbortTx(txid chainhash.Hash) bool { return b.node.Abort(txid) }

// situation is what bears on a transaction beside its own life.
func (b backend) situation() journal.Situation {
	var s journal.Situation
	for _, l := range b.node.peers.list() {
		s.Peers++
		if b.node.chose(l) && l.status.Services&status.Full != 0 {
			s.Outbound++
		}
	}
	return s
}

// priced adds what a transaction of the mempool pays, and the least that is taken.
func (b backend) priced(s journal.Situation, tx chainhash.Hash) journal.Situation {
	if e, ok := b.node.chain.Mempool().Entry(tx); ok && e.Size > 0 {
		s.FeeRate = e.Fee * 1000 / btcutil.Amount(e.Size)
		s.MinFee = b.node.chain.Mempool().MinFee(time.Now())
	}
	return s
}

func ownTx(e journal.Entry, s journal.Situation) (api.OwnTx, bool) {
	tx, err := btcutil.NewTxFromBytes(e.Raw)
	if err != nil {
		return api.OwnTx{}, false
	}
	return api.OwnTx{
		Tx: tx, State: string(e.State), Submitted: e.Submitted, Stems: e.Stems, Embargo: e.Embargo,
		Fluffed: e.Fluffed, FluffedBy: e.FluffedBy, FirstSeen: e.FirstSeen, LastSeen: e.LastSeen, Peers: e.Peers, Groups: e.Groups,
		Block: e.Block, Height: e.Height, Mined: e.Mined, Dropped: e.DroppedAt, Why: e.Why, Advice: e.Advice(time.Now(), s),
	}, true
}

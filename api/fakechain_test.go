package api

import (
	"context"
	"errors"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
)

// AwaitTip implements Tips.
func (f *fake) AwaitTip(ctx context.Context, reached func(Tip) bool) Tip {
	for {
		f.mu.Lock()
		t, moved := f.tip, f.moved
		f.mu.Unlock()
		if reached(t) {
			return t
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return t
		}
	}
}

// Unspent implements Blocks.
func (f *fake) Unspent(out wire.OutPoint) (chain.Output, error) {
	o, ok := f.spends[out]
	if !ok {
		return o, ErrNotFound
	}
	return o, nil
}

// SpentBy implements Blocks: what nobody has said anything of is worth a coin.
func (f *fake) SpentBy(b *btcutil.Block) ([]chain.Output, error) {
	if f.refusal != nil {
		return nil, f.refusal
	}
	var spent []chain.Output
	for _, tx := range b.Transactions()[1:] {
		for _, in := range tx.MsgTx().TxIn {
			o, ok := f.spends[in.PreviousOutPoint]
			if !ok {
				o = chain.Output{Value: btcutil.SatoshiPerBitcoin, Script: []byte{txscript.OP_TRUE}, Height: 1}
			}
			spent = append(spent, o)
		}
	}
	return spent, nil
}

// TxCount implements Blocks.
func (f *fake) TxCount(hash chainhash.Hash) (int, error) {
	b, err := btcutil.NewBlockFromBytes(f.blocks[hash])
	if err != nil {
		return 0, err
	}
	return len(b.Transactions()), nil
}

// Filter implements Blocks.
func (f *fake) Filter(hash chainhash.Hash) ([]byte, chainhash.Hash, error) {
	if !f.filters {
		return nil, chainhash.Hash{}, ErrNoFilters
	}
	return []byte{1, 0x7f}, hash, f.refusal
}

// Verify implements Blocks.
func (f *fake) Verify(_ context.Context, level, depth int) error {
	f.verified = [2]int{level, depth}
	return f.refusal
}

// CountUnspent implements Outputs.
func (f *fake) CountUnspent(ctx context.Context, how chain.SetHash) (chain.UnspentSet, error) {
	if f.reading != nil {
		f.reading()
	}
	if err := errors.Join(ctx.Err(), f.refusal); err != nil {
		return chain.UnspentSet{}, err
	}
	f.counted++
	return chain.UnspentSet{
		Tip: chain.Tip{Hash: f.tip.Hash, Height: f.tip.Height}, Outputs: 10, Transactions: 7, Bytes: 800, ScriptBytes: 250,
		Total: 3*btcutil.SatoshiPerBitcoin + 1, Hash: chainhash.Hash{byte(how)},
	}, nil
}

// Deployments implements Rules.
func (f *fake) Deployments() ([]chain.Deployment, error) {
	return []chain.Deployment{{Name: "taproot", State: "locked_in", Bit: 2, Start: time.Unix(1619222400, 0), MinHeight: 709632}}, f.refusal
}

// SubmitHeader implements Rules.
func (f *fake) SubmitHeader(h wire.BlockHeader) error {
	_, err := f.tree.Add(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), []wire.BlockHeader{h})
	return err
}

// Template implements Templates.
func (f *fake) Template() (chain.Template, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var txs []*wire.MsgTx
	fees, sigops := []btcutil.Amount{0}, []int64{4}
	for _, p := range f.pending {
		txs, fees, sigops = append(txs, p.Tx.MsgTx()), append(fees, p.Fee), append(sigops, 1)
		fees[0] -= p.Fee
	}
	return chain.Template{
		Block: f.next(f.tip.Hash, []byte{txscript.OP_TRUE}, 0, txs...).MsgBlock(), Height: f.tip.Height + 1,
		Fees: fees, SigOps: sigops, MinTime: time.Unix(1700000000, 0), Segwit: true,
	}, nil
}

// Propose implements Templates.
func (f *fake) Propose(*btcutil.Block) error { return f.proposed }

// MineTxs implements Templates.
func (f *fake) MineTxs(_ context.Context, payTo []byte, txs []*btcutil.Tx) (*btcutil.Block, error) {
	if f.proposed != nil {
		return nil, f.proposed
	}
	f.payTo = payTo
	var msgs []*wire.MsgTx
	for _, tx := range txs {
		msgs = append(msgs, tx.MsgTx())
	}
	return f.next(f.tip.Hash, payTo, 0, msgs...), nil
}

// NextBits implements Templates.
func (f *fake) NextBits() (uint32, error) { return f.params.PowLimitBits, nil }

// Totals implements Wires.
func (f *fake) Totals() (sent, received uint64) { return 10, 20 }

// Ping implements Wires.
func (f *fake) Ping() { f.pings++ }

// SetActive implements Wires.
func (f *fake) SetActive(active bool) { f.shut = !active }

// Active implements Wires.
func (f *fake) Active() bool { return !f.shut }

// FetchBlock implements Wires.
func (f *fake) FetchBlock(_ context.Context, _ peer.ID, hash chainhash.Hash) error {
	f.fetched = append(f.fetched, hash)
	return f.refusal
}

// fakePool exists because Pool shares no name with the rest.
type fakePool struct{ *fake }

// Count implements Pool.
func (p fakePool) Count() int { return len(p.Pending()) }

// Entry implements Pool.
func (p fakePool) Entry(txid chainhash.Hash) (Pending, bool) {
	for _, e := range p.Pending() {
		if *e.Tx.Hash() == txid {
			return e, true
		}
	}
	return Pending{}, false
}

// Spender implements Pool.
func (p fakePool) Spender(out wire.OutPoint) (chainhash.Hash, bool) {
	for _, e := range p.Pending() {
		for _, in := range e.Tx.MsgTx().TxIn {
			if in.PreviousOutPoint == out {
				return *e.Tx.Hash(), true
			}
		}
	}
	return chainhash.Hash{}, false
}

// rule is an error that names a broken rule of consensus.
func rule(code blockchain.ErrorCode) error {
	return blockchain.RuleError{ErrorCode: code, Description: "broken"}
}

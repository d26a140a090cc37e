package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/api"
	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
)

// AwaitTip implements api.Tips.
func (b backend) AwaitTip(ctx context.Context, reached func(api.Tip) bool) api.Tip {
	sub := b.node.bus.Subscribe()
	defer sub.Close()
	for {
		// After subscribing: a block that comes in between is not missed.
		if t := b.Tip(); reached(t) {
			return t
		}
		if !nextTip(ctx, sub) {
			return b.Tip()
		}
	}
}

// nextTip waits for a block; false = ctx ended first.
func nextTip(ctx context.Context, sub *Subscription) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case e := <-sub.C:
			switch e.(type) {
			case events.BlockConnected, events.BlockDisconnected:
				return true
			}
		}
	}
}

// blocks is the chain as api.Blocks.
type blocks struct{ chain *chain.Chain }

// Unspent implements api.Blocks.
func (b blocks) Unspent(out wire.OutPoint) (chain.Output, error) {
	o, err := b.chain.Unspent(out)
	return o, asAPI(err)
}

// SpentBy implements api.Blocks.
func (b blocks) SpentBy(block *btcutil.Block) ([]chain.Output, error) { return b.chain.SpentBy(block) }

// TxCount implements api.Blocks.
func (b blocks) TxCount(hash chainhash.Hash) (int, error) { return b.chain.TxCount(hash) }

// Filter implements api.Blocks.
func (b blocks) Filter(hash chainhash.Hash) ([]byte, chainhash.Hash, error) {
	filter, err := b.chain.Filter(hash)
	if errors.Is(err, chain.ErrNoFilters) {
		return nil, chainhash.Hash{}, fmt.Errorf("%w: %w", api.ErrNoFilters, err)
	}
	if err != nil {
		return nil, chainhash.Hash{}, asAPI(err)
	}
	header, err := b.chain.FilterHeader(hash)
	return filter, header, asAPI(err)
}

// Verify implements api.Blocks.
func (b blocks) Verify(ctx context.Context, level, depth int) error {
	_, err := b.chain.Verify(ctx, int32(depth), min(chain.VerifyLevel(level), chain.VerifyUndo), nil) // the API bounds it
	return err
}

// rules is the chain as api.Rules.
type rules struct{ chain *chain.Chain }

// Deployments implements api.Rules.
func (r rules) Deployments() ([]chain.Deployment, error) { return r.chain.Deployments() }

// SubmitHeader implements api.Rules.
func (r rules) SubmitHeader(h wire.BlockHeader) error {
	_, err := r.chain.AcceptHeaders(time.Now(), []wire.BlockHeader{h})
	return err
}

// templates is the chain as api.Templates.
type templates struct{ chain *chain.Chain }

// Template implements api.Templates. Who is paid is the miner's to say.
func (t templates) Template() (chain.Template, error) {
	return t.chain.Template([]byte{txscript.OP_TRUE})
}

// Propose implements api.Templates.
func (t templates) Propose(block *btcutil.Block) error { return t.chain.Propose(block) }

// MineTxs implements api.Templates.
func (t templates) MineTxs(ctx context.Context, payTo []byte, txs []*btcutil.Tx) (*btcutil.Block, error) {
	return t.chain.MineTxs(ctx, payTo, txs)
}

// NextBits implements api.Templates.
func (t templates) NextBits() (uint32, error) { return t.chain.NextBits(time.Now()) }

// pool is the mempool as api.Pool.
type pool struct{ *txpool.Pool }

// Entry implements api.Pool.
func (p pool) Entry(txid chainhash.Hash) (api.Pending, bool) {
	e, ok := p.Pool.Entry(txid)
	return api.Pending{Tx: e.Tx, Fee: e.Fee, Added: e.Added, Height: e.Height}, ok
}

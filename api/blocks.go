package api

import (
	"context"
	"encoding/hex"
	"errors"
	"math"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/headertree"
)

// ErrNoFilters says that the node keeps no filters of blocks.
var ErrNoFilters = errors.New("filters are not kept")

// Blocks answers what takes more than a look at the header tree. Its calls may wait for
// the validation of a block.
type Blocks interface {
	// Unspent returns an output that the chain has not spent; the error Is [ErrNotFound].
	Unspent(out wire.OutPoint) (chain.Output, error)
	// SpentBy returns the outputs that a block of the chain spends, in the order of its inputs.
	SpentBy(block *btcutil.Block) ([]chain.Output, error)
	// TxCount returns how many transactions a stored block has.
	TxCount(block chainhash.Hash) (int, error)
	// Filter returns a block's BIP 158 filter and its BIP 157 header. The error Is
	// [ErrNoFilters] if none are kept.
	Filter(block chainhash.Hash) (filter []byte, header chainhash.Hash, err error)
	// Verify looks at the last blocks, 0 = all, and says what is damaged.
	Verify(ctx context.Context, level, depth int) error
}

func (d *dispatcher) blockMethods() []method {
	return []method{
		d.blockStatsMethod(),
		d.deploymentMethod(),
		d.unspentMethod(),
		{
			name: "getblockfilter", handle: d.getBlockFilter,
			args:    []argument{{name: "blockhash"}, {name: "filtertype", optional: true}},
			summary: "Returns a block's BIP 158 filter and the header that chains it (BIP 157). The only type is basic; the node keeps filters if it runs with --cfindex.",
		},
		{
			name: "getchaintxstats", handle: d.getChainTxStats, heavy: true,
			args: []argument{{name: "nblocks", optional: true}, {name: "blockhash", optional: true}},
			summary: "Returns how many transactions the chain has up to a block (the tip), and how many came in the blocks before it: " +
				"nblocks of them, a month's if not given, 10,000 at most. txcount is known for the tip and the 10,000 blocks below it.",
		},
		{
			name: "gettxout", handle: d.getTxOut,
			args:    []argument{{name: "txid"}, {name: "n"}, {name: "include_mempool", alias: "includemempool", optional: true}},
			summary: "Returns an unspent output, or null if it is spent or unknown. include_mempool (true if not given) also counts transactions that wait for a block.",
		},
		{
			name: "verifychain", handle: d.verifyChain, heavy: true,
			args: []argument{{name: "checklevel", optional: true}, {name: "nblocks", alias: "checkdepth", optional: true}},
			summary: "Looks for damage in the last blocks (6 if nblocks is not given, 0 = all) and returns whether they are right. checklevel 0 reads them, " +
				"1 checks what needs no context, 2 that they can be undone; 3 (the default) and 4 do no more than 2.",
		},
	}
}

func (d *dispatcher) getBlockFilter(_ context.Context, a arguments) (any, error) {
	hash, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	if a.given(1) {
		kind, err := a.text(1)
		if err != nil {
			return nil, err
		}
		if kind != "basic" {
			return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Unknown filtertype")
		}
	}
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	e, err := v.find(hash)
	if err != nil {
		return nil, err
	}
	filter, header, err := d.Blocks.Filter(e.Hash)
	switch {
	case errors.Is(err, ErrNoFilters):
		return nil, refuse(btcjson.ErrRPCMisc, "Index is not enabled for filtertype basic: start the node with --cfindex")
	case errors.Is(err, ErrNotFound):
		return nil, refuse(btcjson.ErrRPCInvalidAddressOrKey, "Filter not found. Block was not connected to active chain.")
	case err != nil:
		d.log.Error("cannot read filter", "block", hash, "err", err)
		return nil, refuse(btcjson.ErrRPCMisc, "Filter not found: see the node's log")
	}
	return btcjson.GetBlockFilterResult{Filter: hex.EncodeToString(filter), Header: header.String()}, nil
}

// maxTxStats is how many blocks getchaintxstats counts: at some 10 µs each 0.1 s.
const maxTxStats = 10_000

// txStats is getchaintxstats's, without what is not known.
type txStats struct {
	Time        int64    `json:"time"`
	TxCount     *uint64  `json:"txcount,omitempty"`
	FinalHash   string   `json:"window_final_block_hash"`
	FinalHeight int32    `json:"window_final_block_height"`
	Blocks      int32    `json:"window_block_count"`
	Interval    *int64   `json:"window_interval,omitempty"`
	Txs         *int     `json:"window_tx_count,omitempty"`
	Rate        *float64 `json:"txrate,omitempty"`
}

func (d *dispatcher) getChainTxStats(_ context.Context, a arguments) (any, error) {
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	end := v.tip
	if a.given(1) {
		hash, err := a.hash(1)
		if err != nil {
			return nil, err
		}
		if end, err = v.find(hash); err != nil {
			return nil, err
		}
		if !v.isMain(end) {
			return nil, refuse(btcjson.ErrRPCInvalidParameter, "Block is not in main chain")
		}
	}
	n, err := d.window(a, end)
	if err != nil {
		return nil, err
	}
	r := txStats{Time: end.Header.Timestamp.Unix(), FinalHash: end.Hash.String(), FinalHeight: end.Height, Blocks: n}
	if above := v.tip.Height - end.Height; above <= maxTxStats {
		if count, err := d.countTxs(v, end.Height, above); err == nil {
			total := d.Chain.Tip().Txs - uint64(count) // counts what is part of it
			r.TxCount = &total
		}
	}
	if n == 0 {
		return r, nil
	}
	begin, _ := v.at(end.Height - n)
	interval := v.medianTime(end) - v.medianTime(begin)
	r.Interval = &interval
	if count, err := d.countTxs(v, end.Height-n, n); err == nil {
		r.Txs = &count
		if interval > 0 {
			rate := float64(count) / float64(interval)
			r.Rate = &rate
		}
	}
	return r, nil
}

// window is how many blocks getchaintxstats looks at.
func (d *dispatcher) window(a arguments, end headertree.Entry) (int32, error) {
	if !a.given(0) {
		const month = 30 * 24 * 60 * 60 // seconds. Source: bitcoind
		blocks := int32(month / int64(d.Params.TargetTimePerBlock.Seconds()))
		return min(blocks, maxTxStats, max(0, end.Height-1)), nil
	}
	n, err := a.integer(0)
	if err != nil {
		return 0, err
	}
	if n < 0 || n > maxTxStats || (n > 0 && n >= int64(end.Height)) {
		return 0, refuse(btcjson.ErrRPCInvalidParameter, "Invalid block count: should be between 0 and the block's height - 1, and at most %d", maxTxStats)
	}
	return int32(n), nil
}

// countTxs counts the transactions of the n blocks above a height.
func (d *dispatcher) countTxs(v view, above, n int32) (sum int, err error) {
	for height := above + 1; height <= above+n; height++ {
		e, _ := v.at(height)
		count, err := d.Blocks.TxCount(e.Hash)
		if err != nil {
			return 0, err
		}
		sum += count
	}
	return sum, nil
}

// txOutResult is gettxout's.
type txOutResult struct {
	BestBlock     string       `json:"bestblock"`
	Confirmations int64        `json:"confirmations"`
	Value         amount       `json:"value"`
	ScriptPubKey  scriptPubKey `json:"scriptPubKey"`
	Coinbase      bool         `json:"coinbase"`
}

func (d *dispatcher) getTxOut(_ context.Context, a arguments) (any, error) {
	txid, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	n, err := a.integer(1)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > math.MaxUint32 {
		return nil, refuse(btcjson.ErrRPCMisc, "n: JSON integer out of range")
	}
	pooled, err := a.flag(2, true)
	if err != nil {
		return nil, err
	}
	out := wire.OutPoint{Hash: txid, Index: uint32(n)}
	tip := d.Chain.Tip()
	r := txOutResult{BestBlock: tip.Hash.String()}
	if pooled {
		if _, spent := d.Pool.Spender(out); spent {
			return nil, nil //nolint:nilnil // null means spent
		}
		if p, ok := d.Pool.Entry(txid); ok {
			outs := p.Tx.MsgTx().TxOut
			if n >= int64(len(outs)) {
				return nil, nil //nolint:nilnil // null means unknown
			}
			r.Value, r.ScriptPubKey = amount(outs[n].Value), d.describeScript(outs[n].PkScript)
			return r, nil
		}
	}
	o, err := d.Blocks.Unspent(out)
	if errors.Is(err, ErrNotFound) {
		return nil, nil //nolint:nilnil // null means spent or unknown
	}
	if err != nil {
		return nil, err
	}
	r.Confirmations = int64(tip.Height-o.Height) + 1
	r.Value, r.ScriptPubKey, r.Coinbase = amount(o.Value), d.describeScript(o.Script), o.Coinbase
	return r, nil
}

// Of verifychain. Source: bitcoind's DEFAULT_CHECKLEVEL and DEFAULT_CHECKBLOCKS.
const (
	defaultCheckLevel  = 3
	defaultCheckBlocks = 6
	maxCheckLevel      = 4
)

func (d *dispatcher) verifyChain(ctx context.Context, a arguments) (any, error) {
	level, depth := int64(defaultCheckLevel), int64(defaultCheckBlocks)
	var err error
	if a.given(0) {
		if level, err = a.integer(0); err != nil {
			return nil, err
		}
	}
	if a.given(1) {
		if depth, err = a.integer(1); err != nil {
			return nil, err
		}
	}
	if level < 0 || level > maxCheckLevel || depth < 0 || depth > math.MaxInt32 {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "checklevel is from 0 to %d, nblocks from 0", maxCheckLevel)
	}
	if err := d.Blocks.Verify(ctx, int(level), int(depth)); err != nil {
		if ctx.Err() != nil {
			return nil, refuse(btcjson.ErrRPCMisc, "the call was given up")
		}
		d.log.Error("verifychain found damage", "err", err)
		return false, nil
	}
	return true, nil
}

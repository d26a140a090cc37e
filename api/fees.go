package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
)

const (
	// maxTarget is the most blocks that a fee is estimated for: a week's. Source: bitcoind.
	maxTarget = 1008
	// blockSpace is what one block has room for, in virtual bytes, when a miner leaves 4,000
	// weight units for itself. Source: Bitcoin Core's DEFAULT_BLOCK_MAX_WEIGHT before 28.0.
	blockSpace = (blockchain.MaxBlockWeight - 4000) / blockchain.WitnessScaleFactor
)

func (d *dispatcher) feeMethod() method {
	return method{
		name: "estimatesmartfee", handle: d.estimateSmartFee, heavy: true,
		args: []argument{{name: "conf_target", alias: "confirmations"}, {name: "estimate_mode", optional: true}},
		summary: "Returns the fee rate, in BTC per 1,000 virtual bytes, that pays for a place among the next conf_target blocks' worth of what waits now. " +
			"Unlike bitcoind's it does not learn from past blocks and does not know what will still come: take it as the least. " +
			"A node that is syncing or has no peers does not see what waits, and answers with an error in errors and no rate. estimate_mode changes nothing.",
	}
}

// feeResult is estimatesmartfee's.
type feeResult struct {
	FeeRate *amount  `json:"feerate,omitempty"`
	Errors  []string `json:"errors,omitempty"`
	Blocks  int64    `json:"blocks"`
}

func (d *dispatcher) estimateSmartFee(_ context.Context, a arguments) (any, error) {
	target, err := a.integer(0)
	if err != nil {
		return nil, err
	}
	if target < 1 || target > maxTarget {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "Invalid conf_target, must be between 1 and %d", maxTarget)
	}
	if a.given(1) {
		mode, err := a.text(1)
		if err != nil {
			return nil, err
		}
		if !slices.Contains([]string{"unset", "economical", "conservative"}, strings.ToLower(mode)) {
			return nil, refuse(btcjson.ErrRPCInvalidParameter, `Invalid estimate_mode parameter, must be one of: "unset", "economical", "conservative"`)
		}
	}
	r := feeResult{Blocks: target}
	if d.Sync.Progress().Syncing || len(d.Peers.Connected()) == 0 {
		r.Errors = []string{"Insufficient data or no feerate found"}
		return r, nil
	}
	rate := amount(max(lastRate(d.Mempool.Pending(), target*blockSpace), d.Mempool.Limits().MinFee))
	r.FeeRate = &rate
	return r, nil
}

// lastRate is the fee rate, in satoshi per 1,000 virtual bytes, that a transaction must
// beat to be among the best that fill the space; 0 if there is room for all.
func lastRate(all []Pending, space int64) btcutil.Amount {
	type paid struct {
		size int64
		rate btcutil.Amount
	}
	rates := make([]paid, 0, len(all))
	for _, p := range all {
		msg := p.Tx.MsgTx()
		size := int64(virtual(weight(msg.SerializeSizeStripped(), msg.SerializeSize())))
		rates = append(rates, paid{size, p.Fee * 1000 / btcutil.Amount(size)})
	}
	slices.SortFunc(rates, func(a, b paid) int { return cmp.Compare(b.rate, a.rate) })
	for _, p := range rates {
		if space -= p.size; space < 0 {
			return p.rate + 1
		}
	}
	return 0
}

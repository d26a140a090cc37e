package api

import (
	"context"
	"errors"

	"github.com/btcsuite/btcd/btcjson"

	"github.com/pappus-network/pappus/chain"
)

// Outputs counts all that is unspent.
type Outputs interface {
	// CountUnspent counts the outputs that are unspent after the tip, as they are at one
	// moment. On a long chain that takes minutes; it ends early with ctx.
	CountUnspent(ctx context.Context, how chain.SetHash) (chain.UnspentSet, error)
}

// bogoOverhead is what an output counts beside its script in bogosize: id, index,
// height, amount and the script's length. Source: Bitcoin Core's GetBogoSize
// (src/kernel/coinstats.cpp).
const bogoOverhead = 32 + 4 + 4 + 8 + 2

// counts are what was counted last, in each way of hashing. Who is in counting owns them.
type counts struct {
	counting chan struct{} // one place: a count takes a core and the disk
	last     map[chain.SetHash]chain.UnspentSet
}

func newCounts() counts {
	return counts{counting: make(chan struct{}, 1), last: make(map[chain.SetHash]chain.UnspentSet)}
}

func (d *dispatcher) unspentMethod() method {
	return method{
		name: "gettxoutsetinfo", handle: d.getTxOutSetInfo,
		args: []argument{{name: "hash_type", optional: true}, {name: "hash_or_height", optional: true}, {name: "use_index", optional: true}},
		summary: "Counts the unspent outputs after the tip: how many, of how many transactions, their amount, and a hash of all: hash_serialized_3 (the default), " +
			"muhash or none. It reads every output as it was at the beginning, while blocks go on to be validated: minutes on a long chain, most of them muhash's. One count is made at a " +
			"time, and for the same tip the last one is given again. disk_size is the bytes of the set's keys and values. Only the tip's set is here, not that of hash_or_height. " +
			"A database that was begun before outputs with undecodable scripts were recorded, which count as in bitcoind, has no hashes, and says what to do.",
	}
}

// unspentResult has bitcoind's keys.
type unspentResult struct {
	Height       int32  `json:"height"`
	BestBlock    string `json:"bestblock"`
	TxOuts       uint64 `json:"txouts"`
	BogoSize     uint64 `json:"bogosize"`
	Serialized   string `json:"hash_serialized_3,omitempty"`
	MuHash       string `json:"muhash,omitempty"`
	Total        amount `json:"total_amount"`
	Transactions uint64 `json:"transactions"`
	DiskSize     uint64 `json:"disk_size"`
}

func (d *dispatcher) getTxOutSetInfo(ctx context.Context, a arguments) (any, error) {
	how, err := a.setHash(0)
	if err != nil {
		return nil, err
	}
	if a.given(1) {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "Querying specific block heights requires coinstatsindex, which is not kept here: leave hash_or_height out")
	}
	if _, err := a.flag(2, true); err != nil {
		return nil, err
	}
	set, err := d.countUnspent(ctx, how)
	if err != nil {
		return nil, err
	}
	r := unspentResult{
		Height: set.Tip.Height, BestBlock: set.Tip.Hash.String(), TxOuts: set.Outputs, BogoSize: bogoOverhead*set.Outputs + set.ScriptBytes,
		Total: amount(set.Total), Transactions: set.Transactions, DiskSize: set.Bytes,
	}
	switch how {
	case chain.NoHash:
	case chain.SerializedHash:
		r.Serialized = set.Hash.String()
	case chain.MuHash:
		r.MuHash = set.Hash.String()
	}
	return r, nil
}

// setHash reads the name of a way to hash the set.
func (a arguments) setHash(i int) (chain.SetHash, error) {
	if !a.given(i) {
		return chain.SerializedHash, nil
	}
	name, err := a.text(i)
	if err != nil {
		return 0, err
	}
	switch name {
	case "hash_serialized_3":
		return chain.SerializedHash, nil
	case "muhash":
		return chain.MuHash, nil
	case "none":
		return chain.NoHash, nil
	}
	return 0, refuse(btcjson.ErrRPCInvalidParameter, "'%s' is not a valid hash_type: hash_serialized_3, muhash or none", clip(name))
}

// countUnspent counts unless that has been done for the tip.
func (d *dispatcher) countUnspent(ctx context.Context, how chain.SetHash) (chain.UnspentSet, error) {
	select {
	case d.counts.counting <- struct{}{}:
		defer func() { <-d.counts.counting }()
	default:
		return chain.UnspentSet{}, refuse(btcjson.ErrRPCMisc, "the outputs are being counted for another call: try again later")
	}
	if last, ok := d.counts.last[how]; ok && last.Tip.Hash == d.Chain.Tip().Hash {
		return last, nil
	}
	set, err := d.Outputs.CountUnspent(ctx, how)
	if damaged := (*chain.DamagedError)(nil); errors.As(err, &damaged) {
		d.log.Error("cannot count unspent outputs", "err", err)
		return set, refuse(btcjson.ErrRPCInternal.Code, "Unable to read UTXO set: see the node's log")
	}
	if partial := (*chain.PartialError)(nil); errors.As(err, &partial) {
		return set, refuse(btcjson.ErrRPCMisc, "%v; or ask for hash_type none", partial)
	}
	if err == nil {
		d.counts.last[how] = set
	}
	return set, err
}

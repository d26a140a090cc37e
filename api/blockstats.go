package api

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/headertree"
)

// outputOverhead is what an unspent output takes beside itself: its outpoint (36 bytes),
// height (4) and whether it is a coinbase's (1). Source: Bitcoin Core's
// PER_UTXO_OVERHEAD (src/rpc/blockchain.cpp).
const outputOverhead = 41

func (d *dispatcher) blockStatsMethod() method {
	return method{
		name: "getblockstats", handle: d.getBlockStats, heavy: true,
		args: []argument{{name: "hash_or_height"}, {name: "stats", optional: true}},
		summary: "Returns figures of a block of the validated chain, given by hash or height: sizes, fees, fee rates in satoshi per virtual byte, " +
			"and what it changes in the set of unspent outputs. stats names those that are wanted; without it all are given. Amounts are in satoshi.",
	}
}

// blockStats has bitcoind's keys.
type blockStats struct {
	AvgFee         int64    `json:"avgfee"`
	AvgFeeRate     int64    `json:"avgfeerate"`
	AvgTxSize      int64    `json:"avgtxsize"`
	BlockHash      string   `json:"blockhash"`
	Percentiles    [5]int64 `json:"feerate_percentiles"`
	Height         int32    `json:"height"`
	Ins            int64    `json:"ins"`
	MaxFee         int64    `json:"maxfee"`
	MaxFeeRate     int64    `json:"maxfeerate"`
	MaxTxSize      int64    `json:"maxtxsize"`
	MedianFee      int64    `json:"medianfee"`
	MedianTime     int64    `json:"mediantime"`
	MedianTxSize   int64    `json:"mediantxsize"`
	MinFee         int64    `json:"minfee"`
	MinFeeRate     int64    `json:"minfeerate"`
	MinTxSize      int64    `json:"mintxsize"`
	Outs           int64    `json:"outs"`
	Subsidy        int64    `json:"subsidy"`
	SegwitSize     int64    `json:"swtotal_size"`
	SegwitWeight   int64    `json:"swtotal_weight"`
	SegwitTxs      int64    `json:"swtxs"`
	Time           int64    `json:"time"`
	TotalOut       int64    `json:"total_out"`
	TotalSize      int64    `json:"total_size"`
	TotalWeight    int64    `json:"total_weight"`
	TotalFee       int64    `json:"totalfee"`
	Txs            int64    `json:"txs"`
	Increase       int64    `json:"utxo_increase"`
	SizeInc        int64    `json:"utxo_size_inc"`
	IncreaseActual int64    `json:"utxo_increase_actual"`
	SizeIncActual  int64    `json:"utxo_size_inc_actual"`
}

func (d *dispatcher) getBlockStats(_ context.Context, a arguments) (any, error) {
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	e, err := a.block(v, 0)
	if err != nil {
		return nil, err
	}
	wanted, err := a.names(1)
	if err != nil {
		return nil, err
	}
	block, spent, err := d.undo(e)
	if err != nil {
		return nil, err
	}
	s := blockStats{
		BlockHash: e.Hash.String(), Height: e.Height, Time: e.Header.Timestamp.Unix(), MedianTime: v.medianTime(e),
		Subsidy: blockchain.CalcBlockSubsidy(e.Height, d.Params),
	}
	s.count(block, spent)
	return choose(s, wanted)
}

// undo returns a block of the validated chain with the outputs that it spends.
func (d *dispatcher) undo(e headertree.Entry) (*btcutil.Block, []chain.Output, error) {
	raw, err := d.rawBlock(e)
	if err != nil {
		return nil, nil, err
	}
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return nil, nil, refuse(btcjson.ErrRPCDatabase, "the stored block %s cannot be decoded: %v", e.Hash, err)
	}
	block.SetHeight(e.Height)
	spent, err := d.Blocks.SpentBy(block)
	if err != nil {
		d.log.Error("cannot read spent outputs", "block", e.Hash, "err", err)
		return nil, nil, refuse(btcjson.ErrRPCInternal.Code, "Undo data not available: see the node's log")
	}
	return block, spent, nil
}

// block reads a hash or a height of the validated chain.
func (a arguments) block(v view, i int) (headertree.Entry, error) {
	if kindOf(a.values[i]) == "number" {
		height, err := a.integer(i)
		switch {
		case err != nil:
			return headertree.Entry{}, err
		case height < 0:
			return headertree.Entry{}, refuse(btcjson.ErrRPCInvalidParameter, "Target block height %d is negative", height)
		case height > int64(v.tip.Height):
			return headertree.Entry{}, refuse(btcjson.ErrRPCInvalidParameter, "Target block height %d after current tip %d", height, v.tip.Height)
		}
		e, _ := v.at(int32(height))
		return e, nil
	}
	hash, err := a.hash(i)
	if err != nil {
		return headertree.Entry{}, err
	}
	e, err := v.find(hash)
	if err == nil && !v.isMain(e) {
		err = refuse(btcjson.ErrRPCInvalidParameter, "Block is not in chain %s", hash)
	}
	return e, err
}

// names reads an array of strings that may be left out.
func (a arguments) names(i int) ([]string, error) {
	if !a.given(i) {
		return nil, nil
	}
	var names []string
	if kindOf(a.values[i]) != "array" || json.Unmarshal(a.values[i], &names) != nil {
		return nil, a.wrongType(i, "array")
	}
	return names, nil
}

// choose returns the keys of v that are named, or all.
func choose(v any, names []string) (any, error) {
	if len(names) == 0 {
		return v, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	chosen := make(map[string]json.RawMessage, len(names))
	for _, name := range names {
		value, ok := all[name]
		if !ok {
			return nil, refuse(btcjson.ErrRPCInvalidParameter, "Invalid selected statistic '%s'", clip(name))
		}
		chosen[name] = value
	}
	return chosen, nil
}

// rated is a fee rate and how much weight pays it.
type rated struct{ rate, weight int64 }

// count fills in all that the transactions say. spent are the outputs they spend, in order.
func (s *blockStats) count(block *btcutil.Block, spent []chain.Output) {
	var fees, sizes []int64
	var rates []rated
	for i, tx := range block.Transactions() {
		msg := tx.MsgTx()
		out := s.countOutputs(msg, block.Height() == 0)
		if i == 0 {
			continue // the coinbase's reward and input are nobody's payment
		}
		size := int64(msg.SerializeSize())
		heavy := int64(weight(msg.SerializeSizeStripped(), int(size)))
		s.Ins += int64(len(msg.TxIn))
		s.TotalOut += out
		s.TotalSize += size
		s.TotalWeight += heavy
		if msg.HasWitness() {
			s.SegwitTxs++
			s.SegwitSize += size
			s.SegwitWeight += heavy
		}
		in := int64(0)
		for _, o := range spent[:len(msg.TxIn)] {
			in += int64(o.Value)
			gone := int64(wire.NewTxOut(int64(o.Value), o.Script).SerializeSize() + outputOverhead)
			s.SizeInc -= gone
			s.SizeIncActual -= gone
		}
		spent = spent[len(msg.TxIn):]
		fees, sizes = append(fees, in-out), append(sizes, size)
		rates = append(rates, rated{(in - out) * blockchain.WitnessScaleFactor / heavy, heavy})
	}
	s.Txs = int64(len(block.Transactions()))
	s.Increase, s.IncreaseActual = s.Outs-s.Ins, s.IncreaseActual-s.Ins
	s.summarise(fees, sizes, rates)
}

// countOutputs returns what the outputs are worth.
func (s *blockStats) countOutputs(msg *wire.MsgTx, genesis bool) (sum int64) {
	for _, o := range msg.TxOut {
		sum += o.Value
		s.Outs++
		size := int64(o.SerializeSize() + outputOverhead)
		s.SizeInc += size
		// What cannot be spent is not kept, the genesis block's reward neither.
		if !genesis && !chain.Unspendable(o.PkScript) {
			s.IncreaseActual++
			s.SizeIncActual += size
		}
	}
	return sum
}

// summarise fills in what is computed from all transactions but the coinbase.
func (s *blockStats) summarise(fees, sizes []int64, rates []rated) {
	n := int64(len(fees))
	if n == 0 {
		return
	}
	for _, fee := range fees {
		s.TotalFee += fee
	}
	slices.Sort(fees)
	slices.Sort(sizes)
	slices.SortFunc(rates, func(a, b rated) int { return cmp.Or(cmp.Compare(a.rate, b.rate), cmp.Compare(a.weight, b.weight)) })
	s.MinFee, s.MedianFee, s.MaxFee, s.AvgFee = fees[0], median(fees), fees[n-1], s.TotalFee/n
	s.MinTxSize, s.MedianTxSize, s.MaxTxSize, s.AvgTxSize = sizes[0], median(sizes), sizes[n-1], s.TotalSize/n
	s.MinFeeRate, s.MaxFeeRate = rates[0].rate, rates[n-1].rate
	s.AvgFeeRate = s.TotalFee * blockchain.WitnessScaleFactor / s.TotalWeight
	s.Percentiles = percentiles(rates, s.TotalWeight)
}

// median is of sorted numbers; of an even number the mean of the middle two.
func median(sorted []int64) int64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// percentiles are the rates below which 10, 25, 50, 75 and 90 % of the weight pays.
func percentiles(sorted []rated, total int64) (p [5]int64) {
	next, sum := 0, int64(0)
	for _, r := range sorted {
		sum += r.weight
		for next < len(p) && float64(sum) >= float64(total)*[...]float64{0.10, 0.25, 0.50, 0.75, 0.90}[next] {
			p[next] = r.rate
			next++
		}
	}
	for ; next < len(p); next++ { // rounding
		p[next] = sorted[len(sorted)-1].rate
	}
	return p
}

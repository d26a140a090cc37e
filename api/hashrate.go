package api

import (
	"context"
	"math"
	"math/big"

	"github.com/btcsuite/btcd/btcjson"
)

// rateWindow is over how many blocks the hash rate is measured. Source: bitcoind.
const rateWindow = 120

func (d *dispatcher) hashRateMethods() []method {
	return []method{
		{
			name: "getmininginfo", handle: d.getMiningInfo,
			summary: "Returns what a miner wants to know: height, the tip's target and the next block's, the network's hash rate, and how many transactions wait.",
		},
		{
			name: "getnetworkhashps", handle: d.getNetworkHashPS,
			args: []argument{{name: "nblocks", alias: "blocks", optional: true}, {name: "height", optional: true}},
			summary: "Returns an estimate of the network's hashes per second, over the last nblocks blocks (120 if not given, -1 = since the last change of " +
				"difficulty) up to a height (-1 = the tip).",
		},
	}
}

func (d *dispatcher) getNetworkHashPS(_ context.Context, a arguments) (any, error) {
	blocks, height := int64(rateWindow), int64(-1)
	var err error
	if a.given(0) {
		if blocks, err = a.integer(0); err != nil {
			return nil, err
		}
	}
	if a.given(1) {
		if height, err = a.integer(1); err != nil {
			return nil, err
		}
	}
	if blocks < -1 || blocks == 0 || blocks > math.MaxInt32 {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "Invalid nblocks. Must be a positive number or -1.")
	}
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	if height < -1 || height > int64(v.tip.Height) {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "Block does not exist at specified height")
	}
	if height == -1 {
		height = int64(v.tip.Height)
	}
	return d.hashRate(v, int32(height), int32(blocks)), nil
}

// hashRate is work over time between two blocks; -1 blocks means since the last change of
// the difficulty. Source: bitcoind's GetNetworkHashPS.
func (d *dispatcher) hashRate(v view, height, blocks int32) float64 {
	if height == 0 {
		return 0
	}
	if blocks == -1 {
		retarget := int32(d.Params.TargetTimespan / d.Params.TargetTimePerBlock)
		blocks = height%retarget + 1
	}
	blocks = min(blocks, height)
	end, _ := v.at(height)
	begin := end
	first, last := end.Header.Timestamp, end.Header.Timestamp
	for range blocks {
		parent, ok := v.tree.Lookup(begin.Header.PrevBlock)
		if !ok {
			break
		}
		begin = parent
		if t := begin.Header.Timestamp; t.Before(first) {
			first = t
		} else if t.After(last) {
			last = t
		}
	}
	seconds := last.Sub(first).Seconds()
	if seconds <= 0 {
		return 0
	}
	work, _ := new(big.Float).SetInt(new(big.Int).Sub(end.Work, begin.Work)).Float64()
	return work / seconds
}

// miningInfo has bitcoind's keys, and those of btcjson that it dropped: rpcclient reads
// them, and their zeros are true here.
type miningInfo struct {
	Blocks        int32     `json:"blocks"`
	Bits          string    `json:"bits"`
	Difficulty    float64   `json:"difficulty"`
	Target        string    `json:"target"`
	NetworkHashPS float64   `json:"networkhashps"`
	PooledTx      int       `json:"pooledtx"`
	BlockMinTxFee amount    `json:"blockmintxfee"`
	Chain         string    `json:"chain"`
	Next          nextBlock `json:"next"`
	Warnings      []string  `json:"warnings"`
}

type nextBlock struct {
	Height     int32   `json:"height"`
	Bits       string  `json:"bits"`
	Difficulty float64 `json:"difficulty"`
	Target     string  `json:"target"`
}

func (d *dispatcher) getMiningInfo(context.Context, arguments) (any, error) {
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	next, err := d.Templates.NextBits()
	if err != nil {
		return nil, err
	}
	h := v.tip.Header
	return miningInfo{
		Blocks: v.tip.Height, Bits: hex32(h.Bits), Difficulty: difficulty(h.Bits), Target: target(h.Bits),
		NetworkHashPS: d.hashRate(v, v.tip.Height, rateWindow), PooledTx: d.Pool.Count(),
		BlockMinTxFee: amount(d.Mempool.Limits().MinRelayFee), Chain: chainName(d.Params),
		Next:     nextBlock{Height: v.tip.Height + 1, Bits: hex32(next), Difficulty: difficulty(next), Target: target(next)},
		Warnings: []string{},
	}, nil
}

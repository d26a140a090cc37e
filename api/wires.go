package api

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Wires acts on all connections at once, and fetches by hand.
type Wires interface {
	// Totals returns the bytes sent and received since the node started.
	Totals() (sent, received uint64)
	// Ping measures the round trip to all peers; it does not wait for them.
	Ping()
	// SetActive cuts all connections and makes no more, or does again.
	SetActive(active bool)
	Active() bool
	// FetchBlock asks a peer for a block and connects it.
	FetchBlock(ctx context.Context, from peer.ID, hash chainhash.Hash) error
}

func (d *dispatcher) wireMethods() []method {
	return []method{
		{
			name: "getblockfrompeer", handle: d.getBlockFromPeer,
			args: []argument{{name: "blockhash"}, {name: "peer_id", alias: "nodeid"}},
			summary: "Fetches a block whose header is known from one peer, by getpeerinfo's id, and connects it. Unlike bitcoind's it waits for the block. " +
				"What pruning has deleted cannot be fetched again.",
		},
		{
			name: "getnettotals", handle: d.getNetTotals,
			summary: "Returns the bytes sent and received since the node started. Uploads have no target: uploadtarget says so.",
		},
		{
			name: "ping", handle: d.ping,
			summary: "Measures the round trip to all peers now; getpeerinfo shows the results as pingtime. Returns at once.",
		},
		{
			name: "setnetworkactive", handle: d.setNetworkActive,
			args:    []argument{{name: "state"}},
			summary: "Cuts all connections and makes and takes no more (false), or does again (true). It does not outlive a restart.",
		},
	}
}

// netTotals is getnettotals's.
type netTotals struct {
	Received uint64       `json:"totalbytesrecv"`
	Sent     uint64       `json:"totalbytessent"`
	Millis   int64        `json:"timemillis"`
	Target   uploadTarget `json:"uploadtarget"`
}

type uploadTarget struct {
	TimeFrame int64 `json:"timeframe"`
	Target    int64 `json:"target"`
	Reached   bool  `json:"target_reached"`
	Historic  bool  `json:"serve_historical_blocks"`
	BytesLeft int64 `json:"bytes_left_in_cycle"`
	TimeLeft  int64 `json:"time_left_in_cycle"`
}

func (d *dispatcher) getNetTotals(context.Context, arguments) (any, error) {
	sent, received := d.Wires.Totals()
	const day = 24 * 60 * 60 // seconds, bitcoind's only time frame
	return netTotals{
		Received: received, Sent: sent, Millis: time.Now().UnixMilli(), Target: uploadTarget{TimeFrame: day, Historic: true},
	}, nil
}

func (d *dispatcher) ping(context.Context, arguments) (any, error) {
	d.Wires.Ping()
	return nil, nil //nolint:nilnil // null means asked
}

func (d *dispatcher) setNetworkActive(_ context.Context, a arguments) (any, error) {
	active, err := a.flag(0, true)
	if err != nil {
		return nil, err
	}
	d.log.Info("network switched by the api", "active", active)
	d.Wires.SetActive(active)
	return d.Wires.Active(), nil
}

func (d *dispatcher) getBlockFromPeer(ctx context.Context, a arguments) (any, error) {
	hash, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	number, err := a.integer(1)
	if err != nil {
		return nil, err
	}
	if !d.Chain.Headers().Has(hash) {
		return nil, refuse(btcjson.ErrRPCMisc, "Block header missing")
	}
	if d.Chain.HaveBlock(hash) {
		return nil, refuse(btcjson.ErrRPCMisc, "Block already downloaded")
	}
	for _, p := range d.Peers.Connected() {
		if int64(p.Number) != number {
			continue
		}
		if err := d.Wires.FetchBlock(ctx, p.ID, hash); err != nil {
			return nil, refuse(btcjson.ErrRPCMisc, "%v", err)
		}
		return struct{}{}, nil
	}
	return nil, refuse(btcjson.ErrRPCMisc, "Peer does not exist")
}

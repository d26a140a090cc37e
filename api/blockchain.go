package api

import (
	"cmp"
	"context"
	"encoding/hex"
	"math"
	"slices"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/headertree"
)

func (d *dispatcher) blockchainMethods() []method {
	blockHash := argument{name: "blockhash", alias: "hash"}
	return []method{
		{
			name: "getbestblockhash", handle: d.getBestBlockHash,
			summary: "Returns the hash of the last block of the validated chain.",
		},
		{
			name: "getblock", handle: d.getBlock, heavy: true,
			args:    []argument{blockHash, {name: "verbosity", alias: "verbose", optional: true}},
			summary: "Returns a block: with verbosity 0 its bytes in hexadecimal, with 1 (the default) its header's fields and transaction ids, with 2 its transactions in full with their fees, with 3 also the outputs that they spend. Fees and spent outputs are not known of blocks off the validated chain.",
		},
		{
			name: "getblockchaininfo", handle: d.getBlockchainInfo,
			summary: "Returns the state of the chain: network, heights of blocks and headers, tip, work, whether the first download is still going on, and what is kept on disk. verificationprogress is blocks over headers.",
		},
		{
			name: "getblockcount", handle: d.getBlockCount,
			summary: "Returns the height of the validated chain. The genesis block has height 0.",
		},
		{
			name: "getblockhash", handle: d.getBlockHash,
			args:    []argument{{name: "height", alias: "index"}},
			summary: "Returns the hash of the block at a height of the validated chain.",
		},
		{
			name: "getblockheader", handle: d.getBlockHeader,
			args:    []argument{blockHash, {name: "verbose", optional: true}},
			summary: "Returns a header: its fields (the default), or with verbose=false its 80 bytes in hexadecimal. Headers whose blocks are not here yet are known as well, with -1 confirmations. nTx is not given: it takes the block to know.",
		},
		{
			name: "getchaintips", handle: d.getChainTips,
			summary: "Returns the ends of all known branches: the validated chain's (active) and others, each with the length of the branch and its status: headers-only, valid-headers (its blocks are stored) or invalid.",
		},
		{
			name: "getdifficulty", handle: d.getDifficulty,
			summary: "Returns the difficulty of the tip as a multiple of the least of Bitcoin's main network.",
		},
		{
			name: "getsyncinfo", handle: d.getSyncInfo,
			summary: "Returns how far the download has come: heights, peers that serve, bytes per second, seconds left (0 = unknown), blocks asked for and held. An addition to bitcoind's methods.",
		},
	}
}

func (d *dispatcher) getBestBlockHash(context.Context, arguments) (any, error) {
	return d.Chain.Tip().Hash.String(), nil
}

func (d *dispatcher) getBlockCount(context.Context, arguments) (any, error) {
	return d.Chain.Tip().Height, nil
}

func (d *dispatcher) getBlockHash(_ context.Context, a arguments) (any, error) {
	height, err := a.integer(0)
	if err != nil {
		return nil, err
	}
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	if height < 0 || height > math.MaxInt32 {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "Block height out of range")
	}
	e, ok := v.at(int32(height))
	if !ok {
		return nil, refuse(btcjson.ErrRPCInvalidParameter, "Block height out of range")
	}
	return e.Hash.String(), nil
}

func (d *dispatcher) getDifficulty(context.Context, arguments) (any, error) {
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	return difficulty(v.tip.Header.Bits), nil
}

// headerResult is a header with the keys that btcjson lacks.
type headerResult struct {
	btcjson.GetBlockHeaderVerboseResult
	MedianTime int64  `json:"mediantime"`
	Target     string `json:"target"`
	ChainWork  string `json:"chainwork"`
}

func (v view) header(e headertree.Entry) headerResult {
	h := e.Header
	r := headerResult{
		GetBlockHeaderVerboseResult: btcjson.GetBlockHeaderVerboseResult{
			Hash:          e.Hash.String(),
			Confirmations: v.confirmations(e),
			Height:        e.Height,
			Version:       h.Version,
			VersionHex:    hex32(uint32(h.Version)),
			MerkleRoot:    h.MerkleRoot.String(),
			Time:          h.Timestamp.Unix(),
			Nonce:         uint64(h.Nonce),
			Bits:          hex32(h.Bits),
			Difficulty:    difficulty(h.Bits),
			NextHash:      v.next(e),
		},
		MedianTime: v.medianTime(e),
		Target:     target(h.Bits),
		ChainWork:  hex256(e.Work),
	}
	if e.Height > 0 {
		r.PreviousHash = h.PrevBlock.String()
	}
	return r
}

func (d *dispatcher) getBlockHeader(_ context.Context, a arguments) (any, error) {
	hash, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	verbose, err := a.flag(1, true)
	if err != nil {
		return nil, err
	}
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	e, err := v.find(hash)
	if err != nil {
		return nil, err
	}
	if verbose {
		return v.header(e), nil
	}
	raw, err := headerBytes(e)
	if err != nil {
		return nil, err
	}
	return hex.EncodeToString(raw), nil
}

// blockResult is a block: bitcoind's keys beyond the header's.
type blockResult struct {
	headerResult
	NTx          int `json:"nTx"`
	StrippedSize int `json:"strippedsize"`
	Size         int `json:"size"`
	Weight       int `json:"weight"`
	Tx           any `json:"tx"` // ids or transactions
}

func (d *dispatcher) getBlock(_ context.Context, a arguments) (any, error) {
	hash, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	verbosity, err := a.level(1, 1)
	if err != nil {
		return nil, err
	}
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	e, err := v.find(hash)
	if err != nil {
		return nil, err
	}
	raw, err := d.rawBlock(e)
	if err != nil {
		return nil, err
	}
	if verbosity <= 0 {
		return rawHex(raw), nil
	}
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return nil, refuse(btcjson.ErrRPCDatabase, "the stored block %s cannot be decoded: %v", hash, err)
	}
	stripped := block.MsgBlock().SerializeSizeStripped()
	r := blockResult{
		headerResult: v.header(e),
		NTx:          len(block.Transactions()),
		StrippedSize: stripped,
		Size:         len(raw),
		Weight:       weight(stripped, len(raw)),
	}
	if verbosity == 1 {
		ids := make([]string, 0, len(block.Transactions()))
		for _, tx := range block.Transactions() {
			ids = append(ids, tx.Hash().String())
		}
		r.Tx = ids
		return r, nil
	}
	var spent []chain.Output
	if v.isMain(e) {
		block.SetHeight(e.Height)
		if spent, err = d.Blocks.SpentBy(block); err != nil {
			d.log.Error("cannot read spent outputs", "block", hash, "err", err) // the block itself is right
		}
	}
	r.Tx, err = d.transactions(block, spent, verbosity >= 3)
	return r, err
}

// transactions describes those of a block; spent are the outputs that they spend, in
// order, nil if not known.
func (d *dispatcher) transactions(block *btcutil.Block, spent []chain.Output, prevouts bool) ([]transaction, error) {
	all := make([]transaction, 0, len(block.Transactions()))
	for i, tx := range block.Transactions() {
		t, err := d.transaction(tx)
		if err != nil {
			return nil, err
		}
		if n := len(tx.MsgTx().TxIn); i > 0 && len(spent) >= n {
			d.addSpent(&t, tx, spent[:n], prevouts)
			spent = spent[n:]
		}
		all = append(all, t)
	}
	return all, nil
}

// rawBlock reads a block whose header is known.
func (d *dispatcher) rawBlock(e headertree.Entry) ([]byte, error) {
	raw, err := d.Chain.RawBlock(e.Hash)
	if err == nil {
		return raw, nil
	}
	if u := d.Disk.Usage(); u.Pruned && e.Height < u.PruneHeight {
		return nil, refuse(btcjson.ErrRPCMisc, "Block not available (pruned data)")
	}
	if !d.Chain.HaveBlock(e.Hash) {
		return nil, refuse(btcjson.ErrRPCMisc, "Block not available (not fully downloaded)")
	}
	// The particulars name files: they are for the log.
	d.log.Error("cannot read block", "block", e.Hash, "err", err)
	return nil, refuse(btcjson.ErrRPCMisc, "Can't read block from disk: see the node's log")
}

// chainInfoResult is bitcoind's getblockchaininfo, with the keys present that
// btcjson leaves out when they are false or zero.
type chainInfoResult struct {
	Chain                string   `json:"chain"`
	Blocks               int32    `json:"blocks"`
	Headers              int32    `json:"headers"`
	BestBlockHash        string   `json:"bestblockhash"`
	Bits                 string   `json:"bits"`
	Target               string   `json:"target"`
	Difficulty           float64  `json:"difficulty"`
	Time                 int64    `json:"time"`
	MedianTime           int64    `json:"mediantime"`
	VerificationProgress float64  `json:"verificationprogress"`
	InitialBlockDownload bool     `json:"initialblockdownload"`
	ChainWork            string   `json:"chainwork"`
	SizeOnDisk           int64    `json:"size_on_disk"`
	Pruned               bool     `json:"pruned"`
	PruneHeight          *int32   `json:"pruneheight,omitempty"`
	AutomaticPruning     *bool    `json:"automatic_pruning,omitempty"`
	PruneTargetSize      *int64   `json:"prune_target_size,omitempty"`
	Warnings             []string `json:"warnings"`
}

func (d *dispatcher) getBlockchainInfo(context.Context, arguments) (any, error) {
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	best := v.tree.Best()
	usage := d.Disk.Usage()
	r := chainInfoResult{
		Chain:                chainName(d.Params),
		Blocks:               v.tip.Height,
		Headers:              max(best.Height, v.tip.Height),
		BestBlockHash:        v.tip.Hash.String(),
		Bits:                 hex32(v.tip.Header.Bits),
		Target:               target(v.tip.Header.Bits),
		Difficulty:           difficulty(v.tip.Header.Bits),
		Time:                 v.tip.Header.Timestamp.Unix(),
		MedianTime:           v.medianTime(v.tip),
		VerificationProgress: 1,
		InitialBlockDownload: d.Sync.Progress().Syncing,
		ChainWork:            hex256(v.tip.Work),
		SizeOnDisk:           usage.Bytes,
		Pruned:               usage.Pruned,
		Warnings:             []string{},
	}
	if best.Height > v.tip.Height {
		r.VerificationProgress = float64(v.tip.Height) / float64(best.Height)
	}
	if usage.Pruned {
		automatic := true
		r.PruneHeight, r.AutomaticPruning, r.PruneTargetSize = &usage.PruneHeight, &automatic, &usage.PruneTarget
	}
	return r, nil
}

// chainName is bitcoind's name for the network. The others' are btcd's as well.
func chainName(params *chaincfg.Params) string {
	if params.Net == chaincfg.MainNetParams.Net {
		return "main"
	}
	return params.Name
}

func (d *dispatcher) getChainTips(context.Context, arguments) (any, error) {
	v, err := d.view()
	if err != nil {
		return nil, err
	}
	tips := []btcjson.GetChainTipsResult{{Height: v.tip.Height, Hash: v.tip.Hash.String(), Status: "active"}}
	for _, hash := range d.Chain.Tips() {
		e, ok := v.tree.Lookup(hash)
		if !ok || v.isMain(e) {
			continue
		}
		fork, ok := v.tree.Fork(v.tip.Hash, hash)
		if !ok {
			continue
		}
		tips = append(tips, btcjson.GetChainTipsResult{
			Height: e.Height, Hash: hash.String(), BranchLen: e.Height - fork.Height, Status: d.branchStatus(e),
		})
	}
	slices.SortFunc(tips, func(a, b btcjson.GetChainTipsResult) int {
		return cmp.Or(cmp.Compare(b.Height, a.Height), cmp.Compare(a.Hash, b.Hash))
	})
	return tips, nil
}

// branchStatus never says valid-fork: which of the stored side branches were
// validated once is not recorded.
func (d *dispatcher) branchStatus(e headertree.Entry) string {
	switch {
	case d.Chain.Headers().Invalid(e.Hash):
		return "invalid"
	case d.Chain.HaveBlock(e.Hash):
		return "valid-headers"
	default:
		return "headers-only"
	}
}

// syncResult is getsyncinfo's.
type syncResult struct {
	Syncing        bool    `json:"syncing"`
	Headers        int32   `json:"headers"`
	Blocks         int32   `json:"blocks"`
	Peers          int     `json:"peers"`
	BytesPerSecond float64 `json:"bytespersecond"`
	ETA            int64   `json:"eta"`
	InFlight       int     `json:"inflight"`
	Held           int     `json:"held"`
}

func (d *dispatcher) getSyncInfo(context.Context, arguments) (any, error) {
	p := d.Sync.Progress()
	return syncResult{
		Syncing: p.Syncing, Headers: p.Headers, Blocks: p.Blocks, Peers: p.Peers,
		BytesPerSecond: p.BytesPerSecond, ETA: int64(p.ETA.Seconds()), InFlight: p.InFlight, Held: p.Held,
	}, nil
}

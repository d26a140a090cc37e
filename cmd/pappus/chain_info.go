package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/store"
)

type chainInfoCommand struct{ chainFlags }

func (*chainInfoCommand) examples() [2]string {
	return [2]string{
		"pappus chain info",
		"pappus chain info --network testnet4 --json",
	}
}

// chainInfo is what getblockchaininfo says, as far as it can be said without a node.
type chainInfo struct {
	Chain         string `json:"chain"`
	Blocks        int32  `json:"blocks"`
	Headers       int32  `json:"headers"`
	BestBlockHash string `json:"bestblockhash"`
	Time          int64  `json:"time"`
	MedianTime    int64  `json:"mediantime"`
	SizeOnDisk    uint64 `json:"size_on_disk"`
	Pruned        bool   `json:"pruned"`
	PruneHeight   *int32 `json:"pruneheight,omitempty"`
}

// Run reads the chain from disk, or asks the node that has it open.
func (c *chainInfoCommand) Run(ctx context.Context, g globals, term terminal) error {
	cfg := c.config(g)
	if err := cfg.Validate(); err != nil {
		return &usageError{err}
	}
	if err := mustExist(cfg); err != nil {
		return err
	}
	var info chainInfo
	err := withChain(ctx, cfg, term, func(c *chain.Chain) (err error) {
		info, err = inspect(c)
		return err
	})
	if errors.Is(err, store.ErrLocked) {
		node, dialErr := dial(g)
		if dialErr != nil {
			return err // it is not a node that holds the lock, or one without an API
		}
		err = node.Call(ctx, "getblockchaininfo", nil, &info)
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return term.printJSON(info)
	}
	return term.table(info.rows())
}

// inspect reads from the chain what the API would tell.
func inspect(c *chain.Chain) (chainInfo, error) {
	bytes, err := c.SizeOnDisk()
	if err != nil {
		return chainInfo{}, fmt.Errorf("read the size of the chain: %w", err)
	}
	tip := c.Tip()
	info := chainInfo{
		Chain:         c.Params().Name,
		Blocks:        tip.Height,
		Headers:       max(c.Headers().Best().Height, tip.Height),
		BestBlockHash: tip.Hash.String(),
		Time:          tip.Time.Unix(),
		MedianTime:    tip.MedianTime.Unix(),
		SizeOnDisk:    bytes,
		Pruned:        c.Pruning() > 0,
	}
	if info.Chain == "mainnet" {
		info.Chain = "main" // bitcoind's word
	}
	if info.Pruned {
		lowest := c.LowestBlock()
		info.PruneHeight = &lowest
	}
	return info, nil
}

func (i chainInfo) rows() [][]string {
	kept := "all blocks"
	if i.PruneHeight != nil {
		kept = fmt.Sprintf("blocks from height %d", *i.PruneHeight)
	}
	return [][]string{
		{"chain", i.Chain},
		{"blocks", fmt.Sprint(i.Blocks)},
		{"headers", fmt.Sprint(i.Headers)},
		{"tip", i.BestBlockHash},
		{"tip's time", time.Unix(i.Time, 0).UTC().Format(time.RFC3339)},
		{"on disk", size(float64(i.SizeOnDisk))},
		{"kept", kept},
	}
}

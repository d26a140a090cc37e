package chain

import (
	"slices"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// reconcile teaches the header index what only btcd's database knows: headers that the
// store lost or never had, and blocks found invalid just before a crash.
func (c *Chain) reconcile() error {
	for _, tip := range c.consensus.ChainTips() {
		missing, err := c.missingHeaders(tip.BlockHash)
		if err != nil {
			return err
		}
		if err := c.headers.adopt(missing); err != nil {
			return err
		}
		if tip.Status != blockchain.StatusInvalid {
			continue
		}
		if bad, found := c.culprit(tip.BlockHash); found && !c.Headers().Invalid(bad) {
			if err := c.headers.invalidate(bad); err != nil {
				return err
			}
		}
	}
	return nil
}

// missingHeaders returns the headers up to the given block that the tree lacks, parents first.
func (c *Chain) missingHeaders(hash chainhash.Hash) ([]wire.BlockHeader, error) {
	var missing []wire.BlockHeader
	for !c.Headers().Has(hash) {
		header, err := c.consensus.HeaderByHash(&hash)
		if err != nil {
			return nil, err
		}
		missing = append(missing, header)
		hash = header.PrevBlock
	}
	slices.Reverse(missing)
	return missing, nil
}

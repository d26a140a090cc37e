package chain

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// BranchStatus is what is known about a branch, in bitcoind's words for getchaintips.
type BranchStatus string

// The states of a branch.
const (
	BranchActive      BranchStatus = "active"       // the validated main chain
	BranchValidFork   BranchStatus = "valid-fork"   // stored, off the main chain
	BranchHeadersOnly BranchStatus = "headers-only" // not all of its blocks are stored
	BranchInvalid     BranchStatus = "invalid"      // holds an invalid block
)

// Branch is one end of the header tree.
type Branch struct {
	Hash   chainhash.Hash
	Height int32
	Length int32 // headers since it left the main chain; 0 for the main chain
	Status BranchStatus
}

// Branches returns the ends of all branches, highest first, and the validated tip.
func (c *Chain) Branches() []Branch {
	tip := c.Tip()
	branches := []Branch{{Hash: tip.Hash, Height: tip.Height, Status: BranchActive}}
	for _, leaf := range c.headers.tips() {
		entry, ok := c.Headers().Lookup(leaf)
		if !ok || leaf == tip.Hash {
			continue
		}
		b := Branch{Hash: leaf, Height: entry.Height, Status: BranchHeadersOnly}
		if fork, ok := c.Headers().Fork(leaf, tip.Hash); ok {
			b.Length = entry.Height - fork.Height
		}
		switch {
		case c.Headers().Invalid(leaf):
			b.Status = BranchInvalid
		case c.HaveBlock(leaf):
			b.Status = BranchValidFork
		}
		branches = append(branches, b)
	}
	slices.SortFunc(branches, func(a, b Branch) int {
		return cmp.Or(cmp.Compare(b.Height, a.Height), bytes.Compare(a.Hash[:], b.Hash[:]))
	})
	return branches
}

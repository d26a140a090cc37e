package api

import (
	"encoding/hex"
	"math/big"
	"slices"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/chain/headertree"
)

// medianSpan is how many headers the median time is taken of. Source: Bitcoin
// Core's CBlockIndex::nMedianTimeSpan.
const medianSpan = 11

// view is the chain as one call sees it: whatever happens meanwhile, all that
// the call answers follows from one tip.
type view struct {
	tree *headertree.Tree
	tip  headertree.Entry
}

func (d *dispatcher) view() (view, error) {
	tree := d.Chain.Headers()
	tip, ok := tree.Lookup(d.Chain.Tip().Hash)
	if !ok {
		return view{}, refuse(btcjson.ErrRPCInWarmup, "the header index is being loaded")
	}
	return view{tree: tree, tip: tip}, nil
}

// at returns the block at a height of the validated chain.
func (v view) at(height int32) (headertree.Entry, bool) {
	if height < 0 || height > v.tip.Height {
		return headertree.Entry{}, false
	}
	return v.tree.Ancestor(v.tip.Hash, height)
}

// find returns a block by its hash, from any branch.
func (v view) find(hash chainhash.Hash) (headertree.Entry, error) {
	e, ok := v.tree.Lookup(hash)
	if !ok {
		return e, refuse(btcjson.ErrRPCBlockNotFound, "Block not found")
	}
	return e, nil
}

// isMain says whether the validated chain contains the block.
func (v view) isMain(e headertree.Entry) bool {
	main, ok := v.at(e.Height)
	return ok && main.Hash == e.Hash
}

// confirmations is 1 for the tip, -1 for what the validated chain does not contain.
func (v view) confirmations(e headertree.Entry) int64 {
	if !v.isMain(e) {
		return -1
	}
	return int64(v.tip.Height-e.Height) + 1
}

// next is the hash of the following block of the validated chain, "" = none.
func (v view) next(e headertree.Entry) string {
	if !v.isMain(e) {
		return ""
	}
	after, ok := v.at(e.Height + 1)
	if !ok {
		return ""
	}
	return after.Hash.String()
}

// medianTime is of the header and the ten before it.
func (v view) medianTime(e headertree.Entry) int64 {
	times := []int64{e.Header.Timestamp.Unix()}
	for len(times) < medianSpan {
		parent, ok := v.tree.Lookup(e.Header.PrevBlock)
		if !ok {
			break
		}
		e = parent
		times = append(times, e.Header.Timestamp.Unix())
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// difficulty is how many times harder the target is than the easiest of
// Bitcoin's main network, on every network. Source: Bitcoin Core's
// GetDifficulty (src/rpc/blockchain.cpp).
func difficulty(bits uint32) float64 {
	const easiest = 0x1d00ffff
	mantissa := bits & 0x00ffffff
	if mantissa == 0 {
		return 0
	}
	d := float64(easiest&0x00ffffff) / float64(mantissa)
	for e := bits >> 24; e < easiest>>24; e++ {
		d *= 256
	}
	for e := bits >> 24; e > easiest>>24; e-- {
		d /= 256
	}
	return d
}

// target is the highest hash that the bits allow.
func target(bits uint32) string { return hex256(blockchain.CompactToBig(bits)) }

// hex256 is a number of 256 bits as 64 hexadecimal digits.
func hex256(n *big.Int) string {
	const size = 32
	if n.Sign() < 0 || n.BitLen() > 8*size {
		return ""
	}
	return hex.EncodeToString(n.FillBytes(make([]byte, size)))
}

// unix is a time as seconds, 0 for one that is unknown.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

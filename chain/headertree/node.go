package headertree

import (
	"math/big"
	"math/bits"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// node is one header and its place. Nodes are never removed and, but for the
// marks, never change.
type node struct {
	parent *node // nil for genesis
	skip   *node // an ancestor further back; see skipHeight
	hash   chainhash.Hash
	merkle chainhash.Hash
	work   work // from genesis to here

	version int32
	bits    uint32
	nonce   uint32
	time    uint32
	height  int32
	seq     uint32 // order of arrival

	failed bool // marked itself
	bad    bool // marked, or a descendant of one that is
}

func (n *node) header() wire.BlockHeader {
	h := wire.BlockHeader{
		Version: n.version, MerkleRoot: n.merkle, Timestamp: time.Unix(int64(n.time), 0), Bits: n.bits, Nonce: n.nonce,
	}
	if n.parent != nil {
		h.PrevBlock = n.parent.hash
	}
	return h
}

func (n *node) entry() Entry {
	return Entry{Hash: n.hash, Header: n.header(), Height: n.height, Work: n.work.big()}
}

// better says whether n wins over m: by work, and among equals by arrival.
func (n *node) better(m *node) bool {
	if order := n.work.compare(m.work); order != 0 {
		return order > 0
	}
	return n.seq < m.seq
}

// skipHeight is the height of a node's skip pointer. Clearing the lowest set bit
// of even heights, and of odd ones twice, gives ancestors in O(log n) steps
// (the idea of skip lists as Bitcoin Core uses it for its block index).
func skipHeight(height int32) int32 {
	if height < 2 {
		return 0
	}
	if height&1 == 0 {
		return height & (height - 1)
	}
	h := height - 1
	h &= h - 1
	return (h & (h - 1)) + 1
}

// ancestor returns the node's ancestor at a height, itself included, or nil.
func (n *node) ancestor(height int32) *node {
	if height < 0 || n == nil || height > n.height {
		return nil
	}
	for n.height > height {
		if n.skip != nil && n.skip.height >= height {
			n = n.skip
		} else {
			n = n.parent
		}
	}
	return n
}

// The methods below make a node a blockchain.HeaderCtx, through which btcd's
// rules look at its ancestors.

// Height implements blockchain.HeaderCtx.
func (n *node) Height() int32 { return n.height }

// Bits implements blockchain.HeaderCtx.
func (n *node) Bits() uint32 { return n.bits }

// Timestamp implements blockchain.HeaderCtx.
func (n *node) Timestamp() int64 { return int64(n.time) }

// Parent implements blockchain.HeaderCtx.
func (n *node) Parent() blockchain.HeaderCtx {
	if n.parent == nil {
		return nil
	}
	return n.parent
}

// RelativeAncestorCtx implements blockchain.HeaderCtx.
func (n *node) RelativeAncestorCtx(distance int32) blockchain.HeaderCtx {
	if a := n.ancestor(n.height - distance); a != nil {
		return a
	}
	return nil
}

// work is a 256-bit number of expected hashes, most significant word first.
type work [4]uint64

func workOf(b *big.Int) work {
	var raw [32]byte
	b.FillBytes(raw[:])
	var w work
	for i := range w {
		for _, c := range raw[8*i : 8*i+8] {
			w[i] = w[i]<<8 | uint64(c)
		}
	}
	return w
}

func (w work) add(v work) work {
	var carry uint64
	for i := len(w) - 1; i >= 0; i-- {
		w[i], carry = bits.Add64(w[i], v[i], carry)
	}
	return w
}

func (w work) compare(v work) int {
	for i := range w {
		if w[i] != v[i] {
			if w[i] > v[i] {
				return 1
			}
			return -1
		}
	}
	return 0
}

func (w work) big() *big.Int {
	var raw [32]byte
	for i, word := range w {
		for j := range 8 {
			raw[8*i+j] = byte(word >> (56 - 8*j))
		}
	}
	return new(big.Int).SetBytes(raw[:])
}

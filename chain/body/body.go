package body

import (
	"errors"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// merkleNodeSize is the size of an inner node of the merkle tree before hashing: two
// hashes. A transaction of this size can pass for one. Source: CVE-2017-12842.
const merkleNodeSize = 2 * chainhash.HashSize

// What is wrong with a body.
var (
	ErrEmpty        = errors.New("the block has no transactions")
	ErrMerkleRoot   = errors.New("the transactions do not hash to the header's merkle root")
	ErrRepeated     = errors.New("transactions are repeated in a way that keeps the merkle root (CVE-2012-2459)")
	ErrInnerNode    = errors.New("a transaction of 64 bytes can be an inner node of the merkle tree (CVE-2017-12842)")
	ErrStrayWitness = errors.New("witness data that the coinbase does not commit to")
)

// Check says whether the transactions and witnesses are those that the header's author
// hashed. If not, somebody changed them on the way, and nothing follows about the block
// of that hash. The hashes it computes are kept in the block; it may be called from any
// goroutine that owns the block.
//
// The rules are Bitcoin Core's IsBlockMutated (src/validation.cpp). One is left to
// btcd, which knows the deployments' state: a commitment without any witness is
// normal before segwit activated and mutated afterwards.
func Check(b *btcutil.Block) error {
	txs := b.Transactions()
	if len(txs) == 0 {
		return ErrEmpty
	}
	root, repeated := merkleRoot(txs)
	if root != b.MsgBlock().Header.MerkleRoot {
		return ErrMerkleRoot
	}
	if repeated {
		return ErrRepeated
	}
	witness := false
	coinbase := blockchain.IsCoinBase(txs[0])
	for _, tx := range txs {
		if !coinbase && tx.MsgTx().SerializeSizeStripped() == merkleNodeSize {
			return ErrInnerNode
		}
		witness = witness || tx.HasWitness()
	}
	if !witness {
		return nil
	}
	if err := blockchain.ValidateWitnessCommitment(b); err != nil {
		return errors.Join(ErrStrayWitness, err)
	}
	return nil
}

// merkleRoot computes the root of the transactions' hashes, and whether two equal
// hashes are joined anywhere in the tree: then a shorter list has the same root.
func merkleRoot(txs []*btcutil.Tx) (root chainhash.Hash, repeated bool) {
	level := make([]chainhash.Hash, len(txs), len(txs)+1)
	for i, tx := range txs {
		level[i] = *tx.Hash()
	}
	var pair [merkleNodeSize]byte
	for len(level) > 1 {
		for i := 0; i+1 < len(level); i += 2 {
			repeated = repeated || level[i] == level[i+1]
		}
		if len(level)%2 == 1 {
			level = append(level, level[len(level)-1])
		}
		for i := range len(level) / 2 {
			copy(pair[:chainhash.HashSize], level[2*i][:])
			copy(pair[chainhash.HashSize:], level[2*i+1][:])
			level[i] = chainhash.DoubleHashH(pair[:])
		}
		level = level[:len(level)/2]
	}
	return level[0], repeated
}

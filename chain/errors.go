package chain

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/events"
)

var (
	// ErrNoParent says that the block's parent is not stored: blocks are
	// accepted in height order, branch by branch.
	ErrNoParent = errors.New("the block's parent is not stored")

	// ErrNotFound says that the block or transaction is not here, or not for serving.
	ErrNotFound = errors.New("not found")

	// ErrDiskFull says that storing more would use up the disk. Nothing is lost:
	// once there is room, Accept works again.
	ErrDiskFull = errors.New("the disk is nearly full: free some space")

	// ErrClosed says that the chain has been closed.
	ErrClosed = errors.New("the chain is closed")

	// ErrKnownInvalid says that the block, or one below it, was found invalid before.
	ErrKnownInvalid = errors.New("known to be invalid")

	// ErrCannotMine says that the network's difficulty is not for a CPU.
	ErrCannotMine = errors.New("this network cannot be mined with a CPU")

	// ErrPruned says that a block is needed which pruning has deleted.
	ErrPruned = errors.New("the block was deleted by pruning")
)

// BlockError says that a block is at fault, and which one: in a reorganisation
// it may be an ancestor of the block that was given.
type BlockError struct {
	Hash   chainhash.Hash
	Reason events.Reason // InvalidBlock: marked for good; MutatedBlock: the hash is untouched; a header's reason
	Err    error         // the rule that was broken
}

// Error names the block, the reason code and the particulars.
func (e *BlockError) Error() string {
	return fmt.Sprintf("block %v: %s: %v", e.Hash, e.Reason, e.Err)
}

// Unwrap returns the rule that was broken.
func (e *BlockError) Unwrap() error { return e.Err }

// NetworkError says that a block file belongs to another network.
type NetworkError struct {
	Got  wire.BitcoinNet
	Want wire.BitcoinNet
}

// Error names both networks.
func (e *NetworkError) Error() string {
	return fmt.Sprintf("the file holds blocks of %s, not of %s: name its network with --network", netName(e.Got), netName(e.Want))
}

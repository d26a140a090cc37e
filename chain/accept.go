package chain

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/pappus-network/pappus/chain/body"
	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/events"
)

// Accept validates the block and stores it, on the main chain or on a side branch; the
// chain with most work becomes the main one. Its parent must have been accepted before,
// else [ErrNoParent]. A block that is stored already is fine. Its header joins the header
// index if it is not there. Blame comes as a *[BlockError]; any other error is ours.
func (c *Chain) Accept(b *btcutil.Block) error {
	if known, err := c.known(*b.Hash()); known || err != nil {
		return err
	}
	if err := checkBody(b); err != nil {
		return err
	}
	return c.accept(b, false)
}

// AcceptChecked is Accept of a block that has passed [body.Check]: blocks are validated one
// after another, and what was done on another core is not done again here. A body that is
// not its header's MUST NOT come this way: its hash could be marked invalid for good.
func (c *Chain) AcceptChecked(b *btcutil.Block) error { return c.accept(b, false) }

// checkBody checks a body; the error is a *[BlockError] with MutatedBlock.
func checkBody(b *btcutil.Block) error {
	if err := body.Check(b); err != nil {
		return &BlockError{Hash: *b.Hash(), Reason: events.MutatedBlock, Err: err}
	}
	return nil
}

// accept connects a block whose body belongs to its header. A trusted block has been
// validated before, by this database, and is only connected.
func (c *Chain) accept(b *btcutil.Block, trusted bool) error {
	c.accepting.Lock()
	defer c.accepting.Unlock()
	if c.closed {
		return ErrClosed
	}
	hash := *b.Hash()
	if known, err := c.known(hash); known || err != nil {
		return err
	}
	if err := c.acceptHeader(hash, &b.MsgBlock().Header); err != nil {
		return err
	}
	raw, err := b.Bytes()
	if err != nil {
		return fmt.Errorf("serialize block %v: %w", hash, err)
	}
	if err := c.disk.room(len(raw)); err != nil {
		return err
	}
	if err := c.arrange(b); err != nil {
		return err
	}
	flags := blockchain.BFNone
	if trusted && b.MsgBlock().Header.PrevBlock == c.Tip().Hash {
		flags = blockchain.BFFastAdd
	}
	defer c.settle()
	if _, _, err := c.consensus.ProcessBlock(b, flags); err != nil {
		return c.verdict(hash, err)
	}
	return c.flushOften(len(raw))
}

// known says whether nothing is left to do about the block: it is stored, or an error
// if it is known to be invalid.
func (c *Chain) known(hash chainhash.Hash) (bool, error) {
	if c.Headers().Invalid(hash) {
		return false, &BlockError{Hash: hash, Reason: events.InvalidBlock, Err: ErrKnownInvalid}
	}
	return c.HaveBlock(hash), nil
}

// acceptHeader sees to it that the parent is stored and the header indexed.
func (c *Chain) acceptHeader(hash chainhash.Hash, header *wire.BlockHeader) error {
	parent, err := c.known(header.PrevBlock)
	if blame := (*BlockError)(nil); errors.As(err, &blame) {
		return &BlockError{Hash: hash, Reason: events.InvalidBlock, Err: fmt.Errorf("parent %v: %w", header.PrevBlock, ErrKnownInvalid)}
	}
	if err != nil {
		return err
	}
	if !parent {
		return fmt.Errorf("block %v: %w", hash, ErrNoParent)
	}
	if c.Headers().Has(hash) {
		return nil
	}
	_, err = c.AcceptHeaders(localClock{}.AdjustedTime(), []wire.BlockHeader{*header})
	if bad := (*headertree.HeaderError)(nil); errors.As(err, &bad) {
		return &BlockError{Hash: hash, Reason: bad.Reason, Err: bad.Err}
	}
	return err
}

// verdict turns btcd's error into ours, and remembers which block is invalid. btcd has
// marked a block in its own index only if its scripts, inputs or amounts are wrong; the
// other rules are checked before it stores anything.
func (c *Chain) verdict(hash chainhash.Hash, err error) error {
	var rule blockchain.RuleError
	if !errors.As(err, &rule) {
		return fmt.Errorf("connect block %v: %w", hash, err)
	}
	switch rule.ErrorCode { //nolint:exhaustive // every other rule is the block's own fault
	case blockchain.ErrDuplicateBlock:
		return nil
	case blockchain.ErrPreviousBlockUnknown:
		return fmt.Errorf("block %v: %w", hash, ErrNoParent)
	case blockchain.ErrBadMerkleRoot, blockchain.ErrUnexpectedWitness,
		blockchain.ErrInvalidWitnessCommitment, blockchain.ErrWitnessCommitmentMismatch:
		return &BlockError{Hash: hash, Reason: events.MutatedBlock, Err: err}
	case blockchain.ErrTimeTooNew:
		// The header was taken by a clock that has been set back since.
		return fmt.Errorf("connect block %v: %w", hash, err)
	case blockchain.ErrForkTooOld, blockchain.ErrBadCheckpoint,
		blockchain.ErrCheckpointTimeTooOld, blockchain.ErrDifficultyTooLow:
		// Rules about checkpoints, which stand in for assume-valid: no fault of the block.
		return fmt.Errorf("connect block %v: %w", hash, err)
	}
	if culprit, found := c.culprit(hash); found {
		hash = culprit
	}
	blame := &BlockError{Hash: hash, Reason: events.InvalidBlock, Err: err}
	if err := c.headers.invalidate(hash); err != nil {
		return errors.Join(blame, err)
	}
	return blame
}

// culprit finds the block, the given one or below it, that btcd has marked as failed.
// Only a reorganisation finds one below.
func (c *Chain) culprit(hash chainhash.Hash) (chainhash.Hash, bool) {
	for {
		header, err := c.consensus.HeaderByHash(&hash)
		if err != nil {
			return chainhash.Hash{}, false
		}
		// btcd tells the state of a block only in its answer to a known header.
		_, err = c.consensus.ProcessBlockHeader(&header, blockchain.BFNone, true)
		var rule blockchain.RuleError
		if !errors.As(err, &rule) {
			return chainhash.Hash{}, false
		}
		switch rule.ErrorCode {
		case blockchain.ErrKnownInvalidBlock:
			return hash, true
		case blockchain.ErrInvalidAncestorBlock:
			hash = header.PrevBlock
		default:
			return chainhash.Hash{}, false
		}
	}
}

// flushEvery is how many bytes of blocks are accepted between two writes of the unspent
// outputs. After a crash the blocks since the last write are applied again, which costs
// a second or two for so many. It is a quarter of what pruning keeps: see flushOften.
const flushEvery = 256 << 20

// flushOften bounds what a crash costs. ffldb deletes pruned blocks at once, but writes
// the metadata that needs them no more up to five minutes later; a crash in between would
// leave a database that wants blocks which are gone. With pruning everything is therefore
// written while the blocks that it stands for are still far from being deleted.
func (c *Chain) flushOften(size int) error {
	if c.unflushed += size; c.unflushed < flushEvery {
		return nil
	}
	c.unflushed = 0
	if c.cfg.Prune != 0 {
		return c.renew(c.setup, true)
	}
	if err := c.consensus.FlushUtxoCache(blockchain.FlushRequired); err != nil {
		return fmt.Errorf("write unspent outputs: %w", err)
	}
	return nil
}

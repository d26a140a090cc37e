package chain

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/wire/v2"
)

// Output is one output of a transaction of the main chain.
type Output struct {
	Value    btcutil.Amount
	Script   []byte
	Height   int32 // of the block that made it
	Coinbase bool
}

// code is what is hashed and stored of an output's block.
func (o Output) code() uint32 {
	code := uint32(o.Height) << 1
	if o.Coinbase {
		code |= 1
	}
	return code
}

// Unspent returns an output that the main chain has not spent, else [ErrNotFound]. It
// waits for a block under validation.
func (c *Chain) Unspent(out wire.OutPoint) (Output, error) {
	c.looking.Lock()
	defer c.looking.Unlock()
	consensus, done := c.use()
	defer done()
	e, err := consensus.FetchUtxoEntry(out)
	if err != nil {
		return Output{}, fmt.Errorf("look up output %v: %w", out, err)
	}
	if err := c.looked(consensus, 1); err != nil {
		return Output{}, err
	}
	if e == nil || e.IsSpent() {
		return Output{}, fmt.Errorf("output %v: %w", out, ErrNotFound)
	}
	return Output{Value: btcutil.Amount(e.Amount()), Script: bytes.Clone(e.PkScript()), Height: e.BlockHeight(), Coinbase: e.IsCoinBase()}, nil
}

// errUndo says that a block cannot be disconnected.
var errUndo = errors.New("the record of spent outputs is not complete")

// SpentBy returns the outputs that a block of the main chain spends, in the order of its
// inputs. It waits for a block under validation.
func (c *Chain) SpentBy(b *btcutil.Block) ([]Output, error) {
	want := 0
	for _, tx := range b.Transactions()[1:] {
		want += len(tx.MsgTx().TxIn)
	}
	if want == 0 {
		return nil, nil
	}
	consensus, done := c.use()
	defer done()
	spent, err := consensus.FetchSpendJournal(b)
	if err != nil {
		return nil, err
	}
	if len(spent) != want {
		return nil, fmt.Errorf("%w: %d of %d", errUndo, len(spent), want)
	}
	outs := make([]Output, len(spent))
	for i, s := range spent {
		outs[i] = Output{Value: btcutil.Amount(s.Amount), Script: s.PkScript, Height: s.Height, Coinbase: s.IsCoinBase}
	}
	return outs, nil
}

// TxCount returns how many transactions a block has, without reading the rest of it. It
// fails for one that is not stored, or not any more.
func (c *Chain) TxCount(hash chainhash.Hash) (int, error) {
	var count uint64
	err := c.view(func(tx database.Tx) error {
		raw, err := tx.FetchBlockRegion(&database.BlockRegion{Hash: &hash, Offset: wire.MaxBlockHeaderPayload, Len: wire.MaxVarIntPayload})
		if err != nil {
			return err
		}
		count, err = wire.ReadVarInt(bytes.NewReader(raw), 0)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count transactions of block %v: %w", hash, err)
	}
	return int(count), nil // at most 66,666 fit a block
}

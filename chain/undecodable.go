package chain

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Outputs whose script cannot be decoded: btcd does not keep them, because nobody can ever
// spend them; bitcoind does, and so they belong to what it counts and hashes. They are
// recorded here, in a bucket of btcd's database, so that a crash loses them with their
// blocks, and a snapshot has them as they were. A block that is taken back keeps its
// records; they count while it is on the main chain. There are few.
//
//	key    32 transaction id · 4 index, highest byte first · 32 block
//	value  4 2 × height + 1 if coinbase, little endian · 8 amount, little endian · script
var undecodableBucket = []byte("pappus-undecodable")

const (
	undecodableKey  = chainhash.HashSize + 4 + chainhash.HashSize
	undecodableHead = 4 + 8
)

var errUndecodable = errors.New("a record of an output that cannot be decoded is damaged")

// PartialError says that a set of unspent outputs would not have bitcoind's hash, because
// it lacks outputs that bitcoind keeps.
type PartialError struct{ Dir string }

// Error says what to do.
func (e *PartialError) Error() string {
	return fmt.Sprintf("the block database was begun by a program that did not record outputs whose script cannot be decoded, which belong to the hash: "+
		"stop the node, move %s away and start again, the blocks beside it are then read and validated anew", filepath.Join(e.Dir, metadataDir))
}

// undecodable says whether bitcoind keeps an output that btcd does not.
func undecodable(script []byte) bool {
	return txscript.IsUnspendable(script) && !Unspendable(script)
}

// Unspendable says whether an output is kept by nobody. Source: Bitcoin Core's
// CScript::IsUnspendable (src/script/script.h).
func Unspendable(script []byte) bool {
	return len(script) > 0 && script[0] == txscript.OP_RETURN || len(script) > txscript.MaxScriptSize
}

// openUndecodable makes sure that the record is as far as the chain: it is written after
// its block, so that a crash can have lost the last block's. One that was not begun with
// the chain is not begun at all.
func (c *Chain) openUndecodable() error {
	tip := c.Tip()
	begun := false
	err := c.db.View(func(tx database.Tx) error {
		begun = tx.Metadata().Bucket(undecodableBucket) != nil
		return nil
	})
	switch {
	case err != nil:
		return err
	case begun && tip.Height > 0:
		b, err := c.blockAtTip(tip)
		if err != nil {
			// Damage, which others find; only a hash may be wrong for it.
			c.log.Warn("cannot look for outputs that nobody can spend in the last block", "hash", tip.Hash, "err", err)
			return nil
		}
		return c.recordUndecodable(b)
	case begun || tip.Height > 0:
		return nil
	}
	return c.db.Update(func(tx database.Tx) error {
		_, err := tx.Metadata().CreateBucket(undecodableBucket)
		return err
	})
}

func (c *Chain) blockAtTip(tip Tip) (*btcutil.Block, error) {
	raw, err := c.StoredBlock(tip.Hash)
	if err != nil {
		return nil, err
	}
	b, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return nil, err
	}
	b.SetHeight(tip.Height)
	return b, nil
}

// recordUndecodable records such outputs of a block that was connected.
func (c *Chain) recordUndecodable(b *btcutil.Block) error {
	var keys, values [][]byte
	for _, tx := range b.Transactions() {
		for i, out := range tx.MsgTx().TxOut {
			if !undecodable(out.PkScript) {
				continue
			}
			o := Output{Value: btcutil.Amount(out.Value), Script: out.PkScript, Height: b.Height(), Coinbase: blockchain.IsCoinBase(tx)}
			key, value := encodeUndecodable(wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)}, *b.Hash(), o) // outputs of one transaction
			keys, values = append(keys, key), append(values, value)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return c.db.Update(func(tx database.Tx) error {
		bucket := tx.Metadata().Bucket(undecodableBucket)
		if bucket == nil {
			return nil // not begun with the chain
		}
		for i, key := range keys {
			if err := bucket.Put(key, values[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func encodeUndecodable(out wire.OutPoint, block chainhash.Hash, o Output) (key, value []byte) {
	key = binary.BigEndian.AppendUint32(bytes.Clone(out.Hash[:]), out.Index)
	value = binary.LittleEndian.AppendUint32(nil, o.code())
	value = binary.LittleEndian.AppendUint64(value, uint64(o.Value))
	return append(key, block[:]...), append(value, o.Script...)
}

func decodeUndecodable(key, value []byte) (out wire.OutPoint, block chainhash.Hash, o Output, err error) {
	if len(key) != undecodableKey || len(value) < undecodableHead {
		return out, block, o, fmt.Errorf("%w: %d bytes under a key of %d", errUndecodable, len(value), len(key))
	}
	code, amount := binary.LittleEndian.Uint32(value), binary.LittleEndian.Uint64(value[4:])
	if amount > btcutil.MaxSatoshi {
		return out, block, o, fmt.Errorf("%w: amount %d", errUndecodable, amount)
	}
	out = wire.OutPoint{Hash: chainhash.Hash(key[:chainhash.HashSize]), Index: binary.BigEndian.Uint32(key[chainhash.HashSize:])}
	o = Output{Value: btcutil.Amount(amount), Script: value[undecodableHead:], Height: int32(code >> 1), Coinbase: code&1 == 1} // 31 bits
	return out, chainhash.Hash(key[chainhash.HashSize+4:]), o, nil
}

// leftOver reads the records of the main chain, in the order of outpoints.
type leftOver struct {
	cursor database.Cursor // nil: there are none
	main   database.Bucket
	more   bool
}

func newLeftOver(tx database.Tx) *leftOver {
	bucket, main := tx.Metadata().Bucket(undecodableBucket), tx.Metadata().Bucket(mainHashBucket)
	if bucket == nil || main == nil {
		return &leftOver{}
	}
	l := &leftOver{cursor: bucket.Cursor(), main: main}
	l.more = l.cursor.First()
	return l
}

// before hands on those before an outpoint, nil = all that are left.
func (l *leftOver) before(limit *wire.OutPoint, add func(wire.OutPoint, Output, int) error) error {
	for ; l.more; l.more = l.cursor.Next() {
		key, value := l.cursor.Key(), l.cursor.Value()
		out, block, o, err := decodeUndecodable(key, value)
		if err != nil {
			return err
		}
		if limit != nil && cmp.Or(bytes.Compare(out.Hash[:], limit.Hash[:]), cmp.Compare(out.Index, limit.Index)) > 0 {
			return nil
		}
		if l.main.Get(block[:]) == nil {
			continue // its block was taken back
		}
		if err := add(out, o, len(key)+len(value)); err != nil {
			return err
		}
	}
	return nil
}

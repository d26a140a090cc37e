package memdb

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/btcsuite/btcd/database"
)

// cursor implements database.Cursor: the bucket's values, then the buckets within.
// Each step looks its place up in the tree anew, so that the rows may change.
type cursor struct {
	bucket bucket
	at     []byte // the row; nil = none
	value  []byte
}

// after returns the least row above another.
func after(row []byte) []byte { return append(slices.Clip(row), 0) }

// forward goes to the first row of the bucket at or above one.
func (c *cursor) forward(from []byte) bool {
	for {
		it := c.bucket.tx.rows.Root().Iterator()
		it.SeekLowerBound(from)
		row, value, ok := it.Next()
		if ok && c.owns(row) && row[0] == from[0] {
			c.at, c.value = row, value
			return true
		}
		// Buckets lie below values in the tree and come after them here.
		if from[0] == bucketRow {
			c.at, c.value = nil, nil
			return false
		}
		from = c.bucket.row(bucketRow, nil)
	}
}

// backward goes to the last row of the bucket below one.
func (c *cursor) backward(from []byte) bool {
	for {
		it := c.bucket.tx.rows.Root().ReverseIterator()
		it.SeekReverseLowerBound(from)
		row, value, ok := it.Previous()
		if ok && bytes.Equal(row, from) {
			row, value, ok = it.Previous()
		}
		if ok && c.owns(row) && row[0] == from[0] {
			c.at, c.value = row, value
			return true
		}
		if from[0] == valueRow {
			c.at, c.value = nil, nil
			return false
		}
		from = c.top(valueRow)
	}
}

// owns says whether a row is one of the bucket.
func (c *cursor) owns(row []byte) bool {
	return len(row) > headSize && binary.BigEndian.Uint32(row[1:]) == c.bucket.number
}

// top is above every row of a kind. No row is equal to it, since no key is empty.
func (c *cursor) top(kind byte) []byte {
	return bucket{number: c.bucket.number + 1}.row(kind, nil)
}

// Bucket implements database.Cursor.
func (c *cursor) Bucket() database.Bucket {
	if c.bucket.tx.closed {
		return nil
	}
	return c.bucket
}

// First implements database.Cursor.
func (c *cursor) First() bool {
	return !c.bucket.tx.closed && c.forward(c.bucket.row(valueRow, nil))
}

// Last implements database.Cursor.
func (c *cursor) Last() bool {
	return !c.bucket.tx.closed && c.backward(c.top(bucketRow))
}

// Next implements database.Cursor.
func (c *cursor) Next() bool {
	return !c.bucket.tx.closed && c.at != nil && c.forward(after(c.at))
}

// Prev implements database.Cursor.
func (c *cursor) Prev() bool {
	return !c.bucket.tx.closed && c.at != nil && c.backward(c.at)
}

// Seek implements database.Cursor.
func (c *cursor) Seek(key []byte) bool {
	return !c.bucket.tx.closed && c.forward(c.bucket.row(valueRow, key))
}

// Key implements database.Cursor.
func (c *cursor) Key() []byte {
	if c.bucket.tx.closed || c.at == nil {
		return nil
	}
	return bytes.Clone(c.at[headSize:])
}

// Value implements database.Cursor. A bucket has none.
func (c *cursor) Value() []byte {
	if c.bucket.tx.closed || c.at == nil || c.at[0] == bucketRow {
		return nil
	}
	return c.value
}

// Delete implements database.Cursor.
func (c *cursor) Delete() error {
	if err := c.bucket.tx.check(true); err != nil {
		return err
	}
	if c.at == nil || c.at[0] == bucketRow {
		return fault(database.ErrIncompatibleValue, "the cursor is at no value")
	}
	c.bucket.tx.rows.Delete(c.at)
	return nil
}

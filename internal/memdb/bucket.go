package memdb

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/btcsuite/btcd/database"
)

// The kinds of rows; see the package comment.
const (
	valueRow  = 'k'
	bucketRow = 'b'
	blockRow  = 'h'
)

// headSize is what stands before a key or name: the kind and the bucket's number.
const headSize = 1 + 4

// bucket implements database.Bucket.
type bucket struct {
	tx     *tx
	number uint32
}

// row returns the place of a key or name in the tree.
func (b bucket) row(kind byte, key []byte) []byte {
	head := binary.BigEndian.AppendUint32(append(make([]byte, 0, headSize+len(key)), kind), b.number)
	return append(head, key...)
}

// within returns the bucket of a name.
func (b bucket) within(name []byte) (bucket, bool) {
	number, there := b.tx.rows.Get(b.row(bucketRow, name))
	if !there {
		return bucket{}, false
	}
	return bucket{tx: b.tx, number: binary.BigEndian.Uint32(number)}, true
}

// Bucket implements database.Bucket.
func (b bucket) Bucket(name []byte) database.Bucket {
	if b.tx.closed {
		return nil
	}
	if found, there := b.within(name); there {
		return found
	}
	return nil
}

// CreateBucket implements database.Bucket.
func (b bucket) CreateBucket(name []byte) (database.Bucket, error) {
	if err := b.tx.check(true); err != nil {
		return nil, err
	}
	if len(name) == 0 {
		return nil, fault(database.ErrBucketNameRequired, "a bucket needs a name")
	}
	if _, there := b.within(name); there {
		return nil, fault(database.ErrBucketExists, fmt.Sprintf("bucket %q is there", name))
	}
	b.tx.buckets++
	made := bucket{tx: b.tx, number: b.tx.buckets}
	b.tx.rows.Insert(b.row(bucketRow, name), binary.BigEndian.AppendUint32(nil, made.number))
	return made, nil
}

// CreateBucketIfNotExists implements database.Bucket.
func (b bucket) CreateBucketIfNotExists(name []byte) (database.Bucket, error) {
	if err := b.tx.check(true); err != nil {
		return nil, err
	}
	if found, there := b.within(name); there {
		return found, nil
	}
	return b.CreateBucket(name)
}

// DeleteBucket implements database.Bucket.
func (b bucket) DeleteBucket(name []byte) error {
	if err := b.tx.check(true); err != nil {
		return err
	}
	gone, there := b.within(name)
	if !there {
		return fault(database.ErrBucketNotFound, fmt.Sprintf("bucket %q is not there", name))
	}
	err := gone.ForEachBucket(func(inner []byte) error { return gone.DeleteBucket(bytes.Clone(inner)) })
	if err != nil {
		return err
	}
	b.tx.rows.DeletePrefix(gone.row(valueRow, nil))
	b.tx.rows.Delete(b.row(bucketRow, name))
	return nil
}

// ForEach implements database.Bucket.
func (b bucket) ForEach(visit func(key, value []byte) error) error {
	return b.visit(valueRow, visit)
}

// ForEachBucket implements database.Bucket.
func (b bucket) ForEachBucket(visit func(name []byte) error) error {
	return b.visit(bucketRow, func(name, _ []byte) error { return visit(name) })
}

func (b bucket) visit(kind byte, visit func(key, value []byte) error) error {
	if err := b.tx.check(false); err != nil {
		return err
	}
	c := &cursor{bucket: b}
	for ok := c.forward(b.row(kind, nil)); ok && c.at[0] == kind; ok = c.forward(after(c.at)) {
		if err := visit(c.at[headSize:], c.value); err != nil {
			return err
		}
	}
	return nil
}

// Cursor implements database.Bucket.
func (b bucket) Cursor() database.Cursor { return &cursor{bucket: b} }

// Writable implements database.Bucket.
func (b bucket) Writable() bool { return b.tx.writable }

// Put implements database.Bucket.
func (b bucket) Put(key, value []byte) error {
	if err := b.checkKey(key); err != nil {
		return err
	}
	if value == nil {
		value = []byte{} // nil is the answer for what is not there
	}
	b.tx.rows.Insert(b.row(valueRow, key), value)
	return nil
}

// Get implements database.Bucket.
func (b bucket) Get(key []byte) []byte {
	if b.tx.closed {
		return nil
	}
	value, _ := b.tx.rows.Get(b.row(valueRow, key))
	return value
}

// Delete implements database.Bucket.
func (b bucket) Delete(key []byte) error {
	if err := b.checkKey(key); err != nil {
		return err
	}
	b.tx.rows.Delete(b.row(valueRow, key))
	return nil
}

func (b bucket) checkKey(key []byte) error {
	if err := b.tx.check(true); err != nil {
		return err
	}
	if len(key) == 0 {
		return fault(database.ErrKeyRequired, "a value needs a key")
	}
	return nil
}

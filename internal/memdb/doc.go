// Package memdb is a btcd block database in memory: a chain in it has no files, no
// goroutines and no finalizers, so that it can be opened inside a synctest bubble, and
// a thousand of them in one process. The rows lie in an immutable radix tree:
//
//	k · bucket's number · key    a value
//	b · bucket's number · name   the number of a bucket within
//	h · hash                     a block
//
// A reader keeps the tree as it was when it began, and [DB.Copy] shares all of it
// with the original: chains that begin alike cost what differs.
package memdb

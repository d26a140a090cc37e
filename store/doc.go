// Package store keeps everything that is not the chain itself: header index,
// peerstore, bans, mempool dump, transaction journal. One database, one owner
// per namespace:
//
//	<dir>/lock      flock of the running process, its pid inside
//	<dir>/store/    leveldb (go-datastore): /layout → "1", /<owner>/<key> → value
//
// A [Store] hands out one view per owner; a view neither sees nor touches the
// keys of others. Keys are go-datastore keys: cleaned like paths, so binary
// hashes have to be written in hex or base32.
//
// # What survives
//
// Puts, deletes and batches go to leveldb's journal without an fsync. A batch is
// there whole or not at all.
//   - kill -9 or a panic: everything that returned survives, it is in the kernel.
//   - power loss: what was written before the last Sync of any view, and a prefix
//     of what came after it. Close syncs too.
//
// (go-ds-leveldb alone fsyncs every single put and makes Sync a no-op: a peerstore
// or a header sync would wait for the disk thousands of times.)
package store

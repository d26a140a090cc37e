// Package muhash hashes a set: the same elements give the same hash in whatever order
// they come, as MuHash3072 of Bitcoin Core does.
//
// An element is hashed to a number of 3,072 bits, its SHA-256 being the key of 384 bytes
// of ChaCha20. The set is the product of its elements modulo 2^3072 − 1103717, a prime,
// and its hash the SHA-256 of the product's 384 bytes, little endian.
//
//	Insert(a) ─► SHA-256 ─► ChaCha20 ─► 3,072 bits ─┐
//	Insert(b) ─► SHA-256 ─► ChaCha20 ─► 3,072 bits ─┴► × mod p ─► SHA-256
//
// Sources: Bellare and Micciancio, A New Paradigm for Collision-Free Hashing (1997);
// Bitcoin Core, src/crypto/muhash.h, whose published vectors are the tests.
package muhash

// Package envelope is the frame of every message: identical to Bitcoin's, so
// that its payload codecs, captures and tools carry over (mechanisms 49–54).
//
//	offset  bytes  field
//	0       4      start string: the network's magic number, little endian
//	4       12     command: ASCII, padded with NUL
//	16      4      size of the payload, little endian
//	20      4      checksum: first 4 bytes of SHA-256(SHA-256(payload))
//	24      size   payload
//
// A reader names the commands it understands and the largest payload of each.
// The limit is checked before anything is allocated, and memory follows the
// bytes that have come, not those that were announced.
//
// Source: https://developer.bitcoin.org/reference/p2p_networking.html#message-headers
package envelope

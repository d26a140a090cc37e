// Package status is the greeting: the first exchange on every connection, put
// by the side that dialled, before anything else is served (mechanisms 4, 20).
//
//	dialler ── status ──▶ listener     each checks the other's
//	dialler ◀── status ── listener     only if the dialler's fits
//
// Payload, little endian:
//
//	offset  bytes  field
//	0       4      version, 1
//	4       8      services, bits
//	12      32     hash of the genesis block
//	44      4      best height, signed
//	48      32     best hash
//	80      32     work of the best chain, big endian
//	112     8      unix time in seconds, signed
//	120     8      nonce of the process, tells a connection to oneself
//	128     1      length of the agent, ≤ 256 (1 or 3 bytes, Bitcoin's varint)
//	129     …      agent, the same for every node of a release
//
// What a status claims (height, work, agent) is not to be believed; the genesis
// hash and the nonce decide whether there is anything to talk about. A listener
// answers nothing to a dialler of another chain, so that it learns nothing.
//
// Source: design.md §3.
package status

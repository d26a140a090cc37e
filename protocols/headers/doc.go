// Package headers asks for and serves block headers (mechanism 55).
//
//	opener  ── getheaders ──▶  locator of ≤ 101 hashes, newest first; stop hash
//	        ◀── headers ─────  ≤ 2,000 headers of the best header chain
//
// Payloads are Bitcoin's:
//
//	getheaders   4 version · varint n ≤ 101 · n × 32 hash · 32 stop hash (0 = none)
//	headers      varint n ≤ 2,000 · n × (80 header · 1 zero)
//
// An empty locator with a stop hash asks for that one header. The server starts
// after the first locator hash on its best header chain, or after genesis. It
// answers while it is still fetching blocks. The stream stays open for further
// requests, which may be sent before the answer to the last one has come.
//
// Sources: BIP 31 and 130's numbers, Bitcoin Core MAX_HEADERS_RESULTS and
// MAX_LOCATOR_SZ, design.md §3.
package headers

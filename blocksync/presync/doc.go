// Package presync decides which headers of an unproven chain may be kept: none,
// until the peer has shown the whole chain to carry enough work, and then only
// those of the very chain it has shown (mechanisms 31, 55; decision 4).
//
//	Presync      headers are counted and forgotten; of every CommitPeriod-th one
//	             bit is kept, salted so that the peer cannot choose it
//	Redownload   the same headers again: each bit is compared, and a header is
//	             released only when BufferSize more lie behind it, or when the
//	             work is there
//	Done         nothing is held back any more
//
// A peer that swaps in cheap headers the second time has to guess a bit for each
// CommitPeriod of them, BufferSize/CommitPeriod bits before the first is
// released: 20 with the default, one try in a million, each costing it a
// connection and the work of the first pass.
//
// Memory is bounded by the configuration, whatever a peer sends: see
// [Config.Memory]. The idea is Bitcoin Core's HeadersSyncState (#25717, since
// 24.0), against CVE-2019-25220 and CVE-2024-52916.
//
// The package is pure: time and chance are arguments, results are values. A
// [Sync] belongs to one goroutine.
package presync

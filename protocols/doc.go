// Package protocols holds one folder per protocol; this table is all of them.
//
//	protocol    opener sends                 answer                        deadline, floor
//	status      status                       status                        15 s in all
//	headers     getheaders, locator ≤ 101    headers ≤ 2,000               20 s to the first byte, 8 KiB/s
//	inventory   getblocks, locator ≤ 101     inv ≤ 500 blocks              20 s, 8 KiB/s
//	            mempool                      inv ≤ 1,024 transactions
//	objects     getdata ≤ 1,024 items        block, tx or notfound each    20 s, 64 KiB/s
//	addresses   getaddr                      addr ≤ 2,500 peers            20 s, 8 KiB/s
//	announce    headers, inv, addr ≤ 1,024   none                          8 KiB/s
//	stem        dandeliontx ≤ 524,288 bytes  none                          64 KiB/s
//
// Protocol ids are /pappus/<network>/<name>/1. status goes first on every
// connection, put by the side that dialled; any other request before it is
// refused. After it both sides may open any of the others. headers, inventory
// and objects keep their stream open for further requests; announce and stem are one
// way.
// All messages are [envelope]s and all exchanges go through [exchange].
//
// # Words
//
// One word per concept, everywhere: a peer that we dialled is outbound, one
// that dialled us inbound; to ask is to open a stream with a request and to
// serve is to answer one; to announce is to tell without being asked. A
// transaction travels its stem hop by hop, then fluffs; the embargo is the time
// after which a holder fluffs it himself; an epoch is how long stem choices
// last. A header tree's best chain has the most work; the tip is the end of the
// validated chain. A peer is charged with a reason code when it breaks a rule.
//
// [envelope]: https://pkg.go.dev/github.com/pappus-network/pappus/protocols/envelope
// [exchange]: https://pkg.go.dev/github.com/pappus-network/pappus/protocols/exchange
package protocols

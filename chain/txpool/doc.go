// Package txpool is the mempool: btcd's, which validates, and what it lacks.
//
//	Submit ─▶ known? rejected lately? ─▶ btcd: rules, fees, scripts ─▶ entries ─▶ trim
//	              │                          │ missing inputs
//	              ▼                          ▼
//	         RejectError                  orphans, a share for each peer
//
// Added here are a cap in bytes with a minimum fee that rises when it is reached
// and decays, expiry, limits on chains of unconfirmed transactions, orphans of
// which no peer can push out another's, a memory of what was rejected, a dump that
// outlives a restart, and the return of what a reorganisation unconfirms.
//
// One transaction is validated at a time, and none while the chain validates a block;
// reads, and what is known, mined or rejected lately, wait for neither. The package
// knows no peers: senders are names.
//
// Sources: Bitcoin Core's txmempool.cpp and txorphanage.cpp for what and how
// much; BIP 125 for replacement, which is btcd's.
package txpool

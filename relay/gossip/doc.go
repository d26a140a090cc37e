// Package gossip carries transactions and new blocks' headers by gossipsub.
//
//	/pappus/<network>/tx/1      one envelope: tx
//	/pappus/<network>/block/1   one envelope: headers, of one header
//
// A message carries no author, no sequence number and no signature: who publishes
// cannot be told from who forwards by what is in it. Its id is the object's hash,
// with witnesses for a transaction, because a copy with a spoilt witness would
// otherwise shadow the real one. Nothing is published that gossip has brought, no
// IDONTWANT is sent for what is published, and flood publishing is off: each would
// mark the origin.
//
// gossipsub hides nothing by delay. That is what the stem before it is for.
//
// Sources: gossipsub v1.1 and v1.2 specifications; design.md §3.
package gossip

package sim

import (
	"math/bits"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// Sizes of messages in bytes, by the wire contract (docs/protocol.md): without
// encryption and what carries streams.
const (
	envelopeBytes = 24
	listBytes     = envelopeBytes + 1 // inv and getdata, and
	itemBytes     = 36                // for each of their items
	leastStem     = 512               // a stem's payload is padded to a power of two
	// gossipBytes is what pubsub's own framing and the topic add to a transaction,
	// lazyBytes a message that tells of one id.
	gossipBytes = 40
	lazyBytes   = 80
)

func stemBytes(tx int) int {
	padded := leastStem
	if size := tx + 4; size > leastStem {
		padded = 1 << bits.Len(uint(size-1))
	}
	return envelopeBytes + padded
}

// send puts a message on the way. Over a link that is not there any more, nothing
// is sent.
func (n *Network) send(from, to, tx int32, k kind, bytes int) bool {
	var base int32
	if !n.supernode(to) {
		i, ok := find(n.links[from], to)
		if !ok {
			return false
		}
		base = n.links[from][i].delay
	}
	delay, arrives := n.travel(from, to, base, bytes)
	if !arrives {
		return false
	}
	n.queue.push(n.now+delay, event{kind: k, to: to, from: from, tx: tx})
	return true
}

// hand sends a transaction to the next node of its stem.
func (n *Network) hand(from, to, tx int32) {
	if !n.going(tx) {
		return
	}
	n.result.Txs[tx].Hops++
	n.step(tx, "stem", from, to)
	size := stemBytes(n.cfg.Load.Bytes)
	n.result.Cost.Stems.add(1, size)
	n.send(from, to, tx, stem, size)
}

// announce sends a batch.
func (n *Network) announce(from, to int32, txs []int32) {
	for _, tx := range txs {
		n.step(tx, "announce", from, to)
	}
	size := listBytes + itemBytes*len(txs)
	if n.cfg.Push {
		size = len(txs) * (envelopeBytes + n.cfg.Load.Bytes)
	}
	n.result.Cost.Announced.add(len(txs), size)
	n.sendList(from, to, txs, inv, size)
}

// ask requests transactions.
func (n *Network) ask(from, to int32, hashes []chainhash.Hash) {
	n.buffer = n.buffer[:0]
	for i := range hashes {
		if tx := txOf(&hashes[i]); n.going(tx) {
			n.buffer = append(n.buffer, tx)
		}
	}
	if len(n.buffer) == 0 {
		return
	}
	size := listBytes + itemBytes*len(n.buffer)
	n.result.Cost.Asked.add(len(n.buffer), size)
	n.sendList(from, to, n.buffer, get, size)
}

// sendList sends a message about some transactions.
func (n *Network) sendList(from, to int32, txs []int32, k kind, bytes int) {
	ref := txs[0]
	if len(txs) > 1 {
		ref = n.batch.put(txs)
	}
	if !n.send(from, to, ref, k, bytes) && ref < 0 {
		n.batch.take(ref)
	}
}

// serve sends a transaction, or says that it is not there.
func (n *Network) serve(from, to, tx int32, k kind) {
	if !n.has(from, tx) || n.silent(from) {
		n.send(from, to, tx, absent, listBytes+itemBytes)
		return
	}
	size := envelopeBytes + n.cfg.Load.Bytes
	if k == push {
		size += gossipBytes
		n.result.Cost.Pushed.add(1, size)
	} else {
		n.result.Cost.Sent.add(1, size)
	}
	n.send(from, to, tx, k, size)
}

func (s *Sum) add(items, bytes int) {
	s.Messages++
	s.Items += uint64(items)
	s.Bytes += uint64(bytes)
}

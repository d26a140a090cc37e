package spread

import (
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// listener is one peer and what it is still to be told.
type listener struct {
	id      peer.ID
	inbound bool
	due     time.Time // of an outbound peer's timer, with diffusion
	queue   []waiting // in the order added; from head on
	head    int
	told    told
}

// waiting is a transaction that waits for its time.
type waiting struct {
	tx  chainhash.Hash
	due time.Time // with flooding
}

func (l *listener) len() int { return len(l.queue) - l.head }

// push queues a transaction; of one too many the oldest is dropped.
func (l *listener) push(w waiting, most int) (dropped bool) {
	if l.len() >= most {
		l.head++
		dropped = true
	}
	if l.head > len(l.queue)/2 && l.head > 0 { // the queue's memory is used again
		l.queue = l.queue[:copy(l.queue, l.queue[l.head:])]
		l.head = 0
	}
	l.queue = append(l.queue, w)
	return dropped
}

// take returns what is due and not known to the peer.
func (l *listener) take(due func(waiting) bool) []chainhash.Hash {
	var txs []chainhash.Hash
	for l.head < len(l.queue) && due(l.queue[l.head]) {
		tx := l.queue[l.head].tx
		l.head++
		if !l.told.has(tx) {
			txs = append(txs, tx)
		}
	}
	if l.head == len(l.queue) {
		l.queue, l.head = l.queue[:0], 0
	}
	return txs
}

// told remembers the last transactions that a peer knows, between most and twice
// as many: two generations, of which the older is dropped when the younger is
// full.
type told struct {
	young, old map[chainhash.Hash]struct{}
}

func (t *told) has(tx chainhash.Hash) bool {
	if _, ok := t.young[tx]; ok {
		return true
	}
	_, ok := t.old[tx]
	return ok
}

func (t *told) add(tx chainhash.Hash, most int) {
	if t.has(tx) {
		return
	}
	if len(t.young) >= most {
		t.old, t.young = t.young, nil
	}
	if t.young == nil {
		t.young = make(map[chainhash.Hash]struct{})
	}
	t.young[tx] = struct{}{}
}

package ask

import (
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// wanted is a transaction that somebody has announced.
type wanted struct {
	hash   chainhash.Hash
	offers []*offer // in the order announced; not all have failed
	asked  *offer   // nil: nobody owes it
}

// state is where an offer stands.
type state uint8

const (
	delayed state = iota // in the tracker's list of that name, until its time
	ready                // in its peer's list of that name, unless its transaction is asked from another
	asked                // in the tracker's list of that name, until its time
	failed               // in no list; kept so that the peer is not asked again
)

// offer is one transaction that one peer has announced: 64 bytes.
type offer struct {
	tx         *wanted
	from       *source
	prev, next *offer        // in the list that state names
	at         time.Duration // when it is ready; when it times out
	number     uint64        // offers are numbered as they come
	chance     uint32        // the least of equals is asked
	index      int32         // in from.offers
	state      state
}

// before says whether o is to be preferred to p.
func (o *offer) before(p *offer) bool {
	if o.from.inbound != p.from.inbound {
		return p.from.inbound
	}
	return o.chance < p.chance
}

// source is a peer.
type source struct {
	id      peer.ID
	offers  []*offer // in no particular order
	ready   list     // of transactions that nobody owes
	owes    int
	place   int32 // among the tracker's sources
	inbound bool
}

// list is a queue of offers. Each offer is in one list at most.
type list struct{ head, tail *offer }

func (l *list) push(o *offer) {
	o.prev, o.next = l.tail, nil
	if l.tail == nil {
		l.head = o
	} else {
		l.tail.next = o
	}
	l.tail = o
}

func (l *list) remove(o *offer) {
	if o.prev == nil {
		l.head = o.next
	} else {
		o.prev.next = o.next
	}
	if o.next == nil {
		l.tail = o.prev
	} else {
		o.next.prev = o.prev
	}
	o.prev, o.next = nil, nil
}

package sim

// kind is what an event is.
type kind uint8

const (
	submit  kind = iota // to sends a transaction of its own
	wake                // a timer of to's may be due
	ready               // to has validated a transaction and passes it on
	inv                 // to hears that from has transactions
	get                 // to is asked for transactions by from
	absent              // to hears that from has not got them
	body                // to gets a transaction from from, whom it has asked
	push                // to gets a transaction from from, unasked
	stem                // to gets a transaction in its stem
	undone              // to learns that a stem did not reach from
	lazy                // to hears of a transaction at a heartbeat
	want                // to is asked for what it told of at a heartbeat
	beat                // to's heartbeat after a transaction: tell some of it
	query               // to is asked for its mempool
	wonder              // to asks a peer for its mempool
	trickle             // to's turn to tell the next peer
	expire              // a transaction's time is over
	settle              // a transaction has been followed long enough
	leave               // to goes
	enter               // to comes back
	rotate              // to's links may rotate
)

// event is something that happens: 40 bytes.
type event struct {
	at       int64  // nanoseconds from the beginning of the round
	seq      uint64 // in the order made: ties are broken by it
	to, from int32
	tx       int32 // -1−i: the batch at i
	extra    int32 // trickle: the place in the order; beat: which one it is
	kind     kind
}

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.seq < o.seq
}

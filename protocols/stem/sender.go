package stem

import (
	"context"
	"errors"
	"sync"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/workers"
)

// What waits for one peer that is slow to take it: beyond that a transaction has
// failed at once, and goes elsewhere. 2 MB is four of the largest transactions;
// 1,000 count against their bookkeeping.
const (
	maxQueue      = 1000
	maxQueueBytes = 4 * MaxPayload
)

// What a transaction that is not handed over fails with.
var (
	ErrNotJoined = errors.New("peer has left")
	ErrQueueFull = errors.New("too much waits for the peer already")
)

// Sender hands transactions to the peers that have joined, over one stream to
// each, opened when it is first needed. It is safe for concurrent use.
type Sender struct {
	opener  exchange.Opener
	spec    exchange.Spec
	workers *workers.Set

	mu    sync.Mutex
	peers map[peer.ID]*receiver
}

// receiver is one peer and what waits for it.
type receiver struct {
	news  chan struct{} // queue is not empty
	queue []parcel
	bytes int
}

// parcel is one message and whom to tell if it is not handed over.
type parcel struct {
	payload []byte
	failed  func(error)
}

// NewSender returns a sender on a network; nothing is sent before Run.
func NewSender(o exchange.Opener, params *chaincfg.Params) *Sender {
	return &Sender{opener: o, spec: Spec(params), workers: workers.New(), peers: make(map[peer.ID]*receiver)}
}

// Run sends until ctx ends and returns when nothing is being sent. What has not
// been sent by then is nobody's failure.
func (s *Sender) Run(ctx context.Context) error { return s.workers.Run(ctx) }

// Join adds a peer that has completed its handshake.
func (s *Sender) Join(p peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.peers[p]; ok {
		return
	}
	r := &receiver{news: make(chan struct{}, 1)}
	s.peers[p] = r
	s.workers.Start(p, func(ctx context.Context) { s.serve(ctx, p, r) })
}

// Leave drops a peer. What waits for it fails.
func (s *Sender) Leave(p peer.ID) {
	s.mu.Lock()
	r, ok := s.peers[p]
	delete(s.peers, p)
	s.workers.Stop(p)
	s.mu.Unlock()
	if ok {
		fail(s.take(r), ErrNotJoined)
	}
}

// Send hands a serialized transaction to a peer. It never blocks. If the
// transaction could not be written, failed is called, once and from another
// goroutine; that it was written does not mean that the peer will hand it on.
func (s *Sender) Send(p peer.ID, raw []byte, failed func(error)) {
	payload, err := Encode(raw)
	if err == nil {
		err = s.enqueue(p, parcel{payload, failed})
	}
	if err != nil {
		go failed(err) // as promised; ends with failed
	}
}

func (s *Sender) enqueue(p peer.ID, c parcel) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.peers[p]
	if !ok {
		return ErrNotJoined
	}
	if len(r.queue) >= maxQueue || r.bytes+len(c.payload) > maxQueueBytes {
		return ErrQueueFull
	}
	r.queue = append(r.queue, c)
	r.bytes += len(c.payload)
	select {
	case r.news <- struct{}{}:
	default:
	}
	return nil
}

// take empties a queue.
func (s *Sender) take(r *receiver) []parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := r.queue
	r.queue, r.bytes = nil, 0
	return queue
}

// serve sends one peer what waits for it, until ctx ends.
func (s *Sender) serve(ctx context.Context, p peer.ID, r *receiver) {
	var d *exchange.Dialogue
	defer func() {
		if d != nil {
			_ = d.Close() // the peer has left or we are stopping
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.news:
		}
		for _, c := range s.take(r) {
			var err error
			d, err = s.send(ctx, p, d, exchange.Message{Command: dandeliontx, Payload: c.payload})
			if err != nil && (ctx.Err() == nil || errors.Is(context.Cause(ctx), workers.ErrStopped)) {
				c.failed(err)
			}
		}
	}
}

// send puts a message on the stream, if there is one and it is not broken, else
// on a new one, and returns the stream for the next. That the receiver has ended a
// stream shows only now: the message is not lost for it.
func (s *Sender) send(ctx context.Context, p peer.ID, d *exchange.Dialogue, m exchange.Message) (*exchange.Dialogue, error) {
	if d != nil && d.Send(ctx, m) == nil {
		return d, nil
	}
	d, err := exchange.Open(ctx, s.opener, p, s.spec)
	if err != nil {
		return nil, err
	}
	if err := d.Send(ctx, m); err != nil {
		return nil, err
	}
	return d, nil
}

func fail(queue []parcel, err error) {
	if len(queue) == 0 {
		return
	}
	go func() { // ends with the last of them
		for _, c := range queue {
			c.failed(err)
		}
	}()
}

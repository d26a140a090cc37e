package announce

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headerlist"
	"github.com/pappus-network/pappus/protocols/invlist"
	"github.com/pappus-network/pappus/protocols/workers"
)

// maxInventory is how many ids of transactions wait for one slow listener: of one
// too many the oldest is dropped, and the listener has it from others. 160 KB.
// Source: what Bitcoin Core remembers of one peer's announcements.
const maxInventory = 5000

// maxPending is how many headers wait for one slow listener: with more, it is
// told of the last alone and asks for the rest. 8 × 80 bytes.
const maxPending = 8

// maxAddrs is how many messages with addresses wait for one slow listener: the oldest
// makes way. Ten entries each, 250 bytes an entry, make 20 KB.
const maxAddrs = 8

// Announcer tells the peers that have joined of each new tip, and of what is told
// it for each. It is safe for concurrent use.
type Announcer struct {
	opener  exchange.Opener
	spec    exchange.Spec
	workers *workers.Set

	mu        sync.Mutex
	listeners map[peer.ID]*listener
}

// listener is one peer that is told.
type listener struct {
	news    chan struct{} // pending is not empty
	pending []wire.BlockHeader
	txs     []chainhash.Hash
	addrs   [][]addrlist.Entry // a message each
}

// New returns an announcer on a network; nothing is sent before Run.
func New(o exchange.Opener, params *chaincfg.Params) *Announcer {
	return &Announcer{opener: o, spec: Spec(params), workers: workers.New(), listeners: make(map[peer.ID]*listener)}
}

// Run sends until ctx ends and returns when nothing is being sent.
func (a *Announcer) Run(ctx context.Context) error { return a.workers.Run(ctx) }

// Join adds a peer that has completed its handshake.
func (a *Announcer) Join(p peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.listeners[p]; ok {
		return
	}
	l := &listener{news: make(chan struct{}, 1)}
	a.listeners[p] = l
	a.workers.Start(p, func(ctx context.Context) { a.tell(ctx, p, l) })
}

// Leave drops a peer.
func (a *Announcer) Leave(p peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.listeners, p)
	a.workers.Stop(p)
}

// Announce tells every peer but the given ones of the header, which is the new tip. It
// never blocks.
func (a *Announcer) Announce(h wire.BlockHeader, except ...peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for p, l := range a.listeners {
		if slices.Contains(except, p) {
			continue
		}
		l.pending = append(l.pending, h)
		if len(l.pending) > maxPending || !linked(l.pending) {
			l.pending = []wire.BlockHeader{h}
		}
		select {
		case l.news <- struct{}{}:
		default:
		}
	}
}

// Inventory tells one peer of transactions, by their ids, if it has joined. It never blocks.
func (a *Announcer) Inventory(p peer.ID, txs []chainhash.Hash) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.listeners[p]
	if !ok {
		return
	}
	l.txs = append(l.txs, txs...)
	if over := len(l.txs) - maxInventory; over > 0 {
		l.txs = slices.Delete(l.txs, 0, over)
	}
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// Addresses tells one peer where others are, in one message of at most [MaxEntries], if it
// has joined. It never blocks. The entries must not be changed any more.
func (a *Announcer) Addresses(p peer.ID, entries []addrlist.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.listeners[p]
	if !ok {
		return
	}
	l.addrs = append(l.addrs, entries[:min(len(entries), MaxEntries)])
	if len(l.addrs) > maxAddrs {
		l.addrs = slices.Delete(l.addrs, 0, 1)
	}
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// linked says whether the last header is the child of the one before it.
func linked(hs []wire.BlockHeader) bool {
	n := len(hs)
	return n < 2 || hs[n-1].PrevBlock == hs[n-2].BlockHash()
}

// tell sends one peer what is pending for it. What is lost nevertheless the peer
// finds by asking.
func (a *Announcer) tell(ctx context.Context, p peer.ID, l *listener) {
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
		case <-l.news:
		}
		for m := range a.take(l) {
			d = a.send(ctx, p, d, m)
		}
	}
}

// take returns the messages that are pending for a listener, headers first. What
// is added meanwhile comes with the next.
func (a *Announcer) take(l *listener) iter.Seq[exchange.Message] {
	a.mu.Lock()
	hs, txs, addrs := l.pending, l.txs, l.addrs
	l.pending, l.txs, l.addrs = nil, nil, nil
	a.mu.Unlock()
	return func(yield func(exchange.Message) bool) {
		if payload, err := headerlist.Encode(hs); err == nil && len(hs) > 0 && !yield(exchange.Message{Command: headers, Payload: payload}) {
			return
		}
		for part := range slices.Chunk(txs, MaxEntries) {
			payload, err := invlist.Encode(wire.InvTypeTx, part)
			if err != nil || !yield(exchange.Message{Command: inv, Payload: payload}) {
				return
			}
		}
		for _, entries := range addrs {
			payload, err := addrlist.Encode(entries, maxAddr)
			if err != nil || !yield(exchange.Message{Command: addr, Payload: payload}) {
				return
			}
		}
	}
}

// send puts a message on the stream, if there is one and it is not broken, else
// on a new one. It returns the stream for the next message, or nil. That the
// listener has ended a stream shows only now: the message is not lost for it.
func (a *Announcer) send(ctx context.Context, p peer.ID, d *exchange.Dialogue, m exchange.Message) *exchange.Dialogue {
	if d != nil && d.Send(ctx, m) == nil {
		return d
	}
	d, err := exchange.Open(ctx, a.opener, p, a.spec)
	if err != nil || d.Send(ctx, m) != nil {
		return nil
	}
	return d
}

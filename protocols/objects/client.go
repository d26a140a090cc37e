package objects

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/invlist"
)

// Client fetches objects from peers. It is safe for concurrent use.
type Client struct {
	opener exchange.Opener
	spec   exchange.Spec
}

// NewClient returns a client of a network.
func NewClient(o exchange.Opener, params *chaincfg.Params) *Client {
	return &Client{opener: o, spec: Spec(params)}
}

// Open begins a session with one peer. It must be closed.
func (c *Client) Open(ctx context.Context, p peer.ID) (*Session, error) {
	d, err := exchange.Open(ctx, c.opener, p, c.spec)
	if err != nil {
		return nil, err
	}
	return &Session{dialogue: d}, nil
}

// Tx fetches one transaction, with an error that Is [ErrNotFound] if the peer
// does not serve it.
func (c *Client) Tx(ctx context.Context, p peer.ID, hash chainhash.Hash) (*btcutil.Tx, error) {
	payload, err := invlist.Encode(wire.InvTypeWitnessTx, []chainhash.Hash{hash})
	if err != nil {
		return nil, err
	}
	m, err := exchange.Ask(ctx, c.opener, p, c.spec, exchange.Message{Command: getdata, Payload: payload})
	if err != nil {
		return nil, err
	}
	switch m.Command {
	case notfound:
		return nil, fmt.Errorf("transaction %v: %w", hash, checkMissing(p, m.Payload, hash))
	case tx:
		return parseTx(p, m.Payload, hash)
	}
	return nil, exchange.Charge(p, events.Unasked, "a %s for a transaction", m.Command)
}

// Result is the answer for one block or transaction. Both are nil if the peer does
// not have it.
type Result struct {
	Hash  chainhash.Hash
	Block *btcutil.Block
	Tx    *btcutil.Tx
	Bytes int // of the object as it came
}

// Session is one stream of requests. One goroutine may call Request and RequestTxs
// while another calls Next.
type Session struct {
	dialogue *exchange.Dialogue

	mu    sync.Mutex
	asked []item // not answered yet, in order
}

// item is what was asked for.
type item struct {
	hash chainhash.Hash
	tx   bool
}

// Request asks for blocks, at most [MaxItems], without waiting for them.
func (s *Session) Request(ctx context.Context, hashes []chainhash.Hash) error {
	return s.request(ctx, wire.InvTypeWitnessBlock, hashes)
}

// RequestTxs asks for transactions by their ids, at most [MaxItems], without waiting
// for them.
func (s *Session) RequestTxs(ctx context.Context, hashes []chainhash.Hash) error {
	return s.request(ctx, wire.InvTypeWitnessTx, hashes)
}

func (s *Session) request(ctx context.Context, kind wire.InvType, hashes []chainhash.Hash) error {
	if len(hashes) > MaxItems {
		return fmt.Errorf("%d items, the limit is %d", len(hashes), MaxItems)
	}
	payload, err := invlist.Encode(kind, hashes)
	if err != nil {
		return err
	}
	s.mu.Lock()
	for _, h := range hashes {
		s.asked = append(s.asked, item{h, kind == wire.InvTypeWitnessTx})
	}
	s.mu.Unlock()
	return s.dialogue.Send(ctx, exchange.Message{Command: getdata, Payload: payload})
}

// Next returns the answer for the oldest object that was asked for. A block's
// header is the one asked for and its body belongs to it, witnesses included; a
// transaction has the id asked for, which does not cover its witnesses. An error that is
// the peer's fault is an *[exchange.PeerError]; the session is over then. The result names
// the object that was due even with an error about it.
func (s *Session) Next(ctx context.Context) (Result, error) {
	m, err := s.dialogue.Receive(ctx)
	if err != nil {
		return Result{}, err
	}
	p := s.dialogue.Peer()
	s.mu.Lock()
	if len(s.asked) == 0 {
		s.mu.Unlock()
		s.dialogue.Reset()
		return Result{}, exchange.Charge(p, events.Unasked, "a %s that was not asked for", m.Command)
	}
	due := s.asked[0]
	r := Result{Hash: due.hash, Bytes: len(m.Payload)}
	s.asked = s.asked[1:]
	s.mu.Unlock()
	switch {
	case m.Command == notfound:
		if err = checkMissing(p, m.Payload, r.Hash); errors.Is(err, ErrNotFound) {
			return r, nil
		}
	case m.Command == block && !due.tx:
		r.Block, err = parseBlock(p, m.Payload, r.Hash)
	case m.Command == tx && due.tx:
		r.Tx, err = parseTx(p, m.Payload, r.Hash)
	case due.tx:
		err = exchange.Charge(p, events.Unasked, "a %s for a transaction", m.Command)
	default:
		err = exchange.Charge(p, events.Unasked, "a %s for a block", m.Command)
	}
	if err != nil {
		s.dialogue.Reset()
		return r, err
	}
	return r, nil
}

// Close ends the session.
func (s *Session) Close() error { return s.dialogue.Close() }

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

// Client fetches objects from peers.
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

// Result is the answer for one block.
type Result struct {
	Hash  chainhash.Hash
	Block *btcutil.Block // nil: the peer does not have it
	Bytes int            // of the block as it came
}

// Session is one stream of requests for blocks. One goroutine may call Request
// while another calls Next.
type Session struct {
	dialogue *exchange.Dialogue

	mu    sync.Mutex
	asked []chainhash.Hash // not answered yet, in order
}

// Request asks for blocks, at most 1,024, without waiting for them.
func (s *Session) Request(ctx context.Context, hashes []chainhash.Hash) error {
	if len(hashes) > MaxItems {
		return fmt.Errorf("%d items, the limit is %d", len(hashes), MaxItems)
	}
	payload, err := invlist.Encode(wire.InvTypeWitnessBlock, hashes)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.asked = append(s.asked, hashes...)
	s.mu.Unlock()
	return s.dialogue.Send(ctx, exchange.Message{Command: getdata, Payload: payload})
}

// Next returns the answer for the oldest block that was asked for. The block's
// header is the one asked for and its body belongs to it, witnesses included.
// An error that is the peer's fault is an *[exchange.PeerError]; the session is
// over then. The result names the block that was due even with an error about it.
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
	r := Result{Hash: s.asked[0], Bytes: len(m.Payload)}
	s.asked = s.asked[1:]
	s.mu.Unlock()
	switch m.Command {
	case block:
		r.Block, err = parseBlock(p, m.Payload, r.Hash)
	case notfound:
		if err = checkMissing(p, m.Payload, r.Hash); errors.Is(err, ErrNotFound) {
			return r, nil
		}
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

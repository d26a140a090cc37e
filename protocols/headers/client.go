package headers

import (
	"context"
	"slices"
	"sync"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// Client asks peers for headers. It is safe for concurrent use.
type Client struct {
	opener exchange.Opener
	params *chaincfg.Params
	spec   exchange.Spec
}

// NewClient returns a client of a network.
func NewClient(o exchange.Opener, params *chaincfg.Params) *Client {
	return &Client{opener: o, params: params, spec: Spec(params)}
}

// Open begins a session with one peer. It must be closed.
func (c *Client) Open(ctx context.Context, p peer.ID) (*Session, error) {
	d, err := exchange.Open(ctx, c.opener, p, c.spec)
	if err != nil {
		return nil, err
	}
	return &Session{dialogue: d, params: c.params}, nil
}

// Session is one stream of questions. One goroutine may call Request while
// another calls Next.
type Session struct {
	dialogue *exchange.Dialogue
	params   *chaincfg.Params

	mu    sync.Mutex
	asked []Request // not answered yet, in order
}

// Request asks for the headers after the locator without waiting for them. The
// locator is the caller's again when it returns.
func (s *Session) Request(ctx context.Context, locator []chainhash.Hash, stop chainhash.Hash) error {
	r := Request{Locator: slices.Clone(locator), Stop: stop}
	payload, err := r.Encode()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.asked = append(s.asked, r)
	s.mu.Unlock()
	return s.dialogue.Send(ctx, exchange.Message{Command: getheaders, Payload: payload})
}

// Next returns the answer to the oldest request. The headers follow one another
// and the locator, and carry the work they claim: everything that can be
// checked without knowing the chain. An error that is the peer's fault is an
// *[exchange.PeerError].
func (s *Session) Next(ctx context.Context) ([]wire.BlockHeader, error) {
	m, err := s.dialogue.Receive(ctx)
	if err != nil {
		return nil, err
	}
	headers, err := s.validate(m)
	if err != nil {
		s.dialogue.Reset()
		return nil, err
	}
	return headers, nil
}

func (s *Session) validate(m exchange.Message) ([]wire.BlockHeader, error) {
	p := s.dialogue.Peer()
	s.mu.Lock()
	if len(s.asked) == 0 {
		s.mu.Unlock()
		return nil, exchange.Charge(p, events.Unasked, "headers that were not asked for")
	}
	r := s.asked[0]
	s.asked = s.asked[1:]
	s.mu.Unlock()
	headers, err := Decode(m.Payload)
	if err != nil {
		return nil, &exchange.PeerError{Peer: p, Reason: exchange.ReasonOf(err), Err: err}
	}
	if len(headers) == 0 {
		return nil, nil
	}
	if len(r.Locator) == 0 {
		if len(headers) != 1 || headers[0].BlockHash() != r.Stop {
			return nil, exchange.Charge(p, events.Unasked, "another header than the one asked for")
		}
	} else if !slices.Contains(r.Locator, headers[0].PrevBlock) {
		return nil, exchange.Charge(p, events.UnconnectedHeaders, "the first header builds on %v, which is not in the locator", headers[0].PrevBlock)
	}
	return headers, Check(p, s.params, headers)
}

// After is Request and Next, for a caller with one question at a time.
func (s *Session) After(ctx context.Context, locator []chainhash.Hash, stop chainhash.Hash) ([]wire.BlockHeader, error) {
	if err := s.Request(ctx, locator, stop); err != nil {
		return nil, err
	}
	return s.Next(ctx)
}

// Close ends the session.
func (s *Session) Close() error { return s.dialogue.Close() }

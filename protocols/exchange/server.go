package exchange

import (
	"context"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// Handler answers one request. A *[PeerError] that it returns is the peer's
// fault; any other error is ours. Either resets the stream.
type Handler func(ctx context.Context, from peer.ID, request Message, answer *Answer) error

// Admitter says who may ask: nil once the status handshake is done. It may wait
// for a handshake that is under way.
type Admitter interface {
	Admit(ctx context.Context, conn network.Conn) error
}

// Limits bound the requests that are being answered at one time.
type Limits struct {
	PerPeer int // more are refused as Busy: an honest peer pipelines instead
	Total   int // more wait their turn for as long as a first byte may take
}

// DefaultLimits returns 8 a peer (one a protocol and some to spare) and 64 in
// all: with blocks of 4 MB read into memory, 256 MB at the very worst, which the
// resource manager cuts further.
func DefaultLimits() Limits { return Limits{PerPeer: 8, Total: 64} }

// Outcome is how one request ended, for metrics and charges. A stream that was
// refused before its first request has one as well.
type Outcome struct {
	Protocol protocol.ID
	Peer     peer.ID
	Command  envelope.Command // empty if the request could not be read
	In, Out  int              // bytes, envelopes included
	Duration time.Duration    // from the request's first byte to the answer's last
	Reason   events.Reason    // "" = answered
	Err      error
}

// Server answers requests of admitted peers.
type Server struct {
	admit   Admitter
	limits  Limits
	observe func(Outcome)
	turns   chan struct{}

	mu   sync.Mutex
	busy map[peer.ID]int // requests being answered or waiting for a turn
}

// NewServer returns a server whose limits hold over all its protocols together.
// observe is called once for every request, from the stream's goroutine.
func NewServer(admit Admitter, limits Limits, observe func(Outcome)) *Server {
	return &Server{
		admit: admit, limits: limits, observe: observe,
		turns: make(chan struct{}, limits.Total), busy: make(map[peer.ID]int),
	}
}

// Handler returns what to register with a host. When ctx ends, streams that are
// being served are reset.
func (s *Server) Handler(ctx context.Context, spec Spec, handle Handler) network.StreamHandler {
	return func(stream network.Stream) {
		stop := context.AfterFunc(ctx, func() { _ = stream.ResetWithError(network.StreamShutdown) })
		defer stop()
		newConversation(s, spec, handle, stream).run(ctx)
	}
}

// turn counts a request in, or refuses it. The caller calls leave at its end.
func (s *Server) turn(ctx context.Context, p peer.ID, spec Spec) (leave func(), err error) {
	if !s.enter(p) {
		return nil, Charge(p, events.Busy, "%d requests are being answered already", s.limits.PerPeer)
	}
	if spec.Greeting {
		return func() { s.leave(p) }, nil
	}
	if err := s.await(ctx, p, spec.FirstByte); err != nil {
		s.leave(p)
		return nil, err
	}
	return func() { <-s.turns; s.leave(p) }, nil
}

// await waits for one of the turns that there are in all.
func (s *Server) await(ctx context.Context, p peer.ID, patience time.Duration) error {
	select {
	case s.turns <- struct{}{}:
		return nil
	default:
	}
	end := time.NewTimer(patience)
	defer end.Stop()
	select {
	case s.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-end.C:
		return Charge(p, events.Busy, "no turn within %v", patience)
	}
}

func (s *Server) enter(p peer.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[p] >= s.limits.PerPeer {
		return false
	}
	s.busy[p]++
	return true
}

func (s *Server) leave(p peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[p]--; s.busy[p] == 0 {
		delete(s.busy, p)
	}
}

package announce

import (
	"context"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headerlist"
)

// Sink is told of announced headers. They follow one another and carry the work
// that they claim; whether they connect to anything is for the sink to see. It
// must not block for long.
type Sink interface {
	Announced(from peer.ID, headers []wire.BlockHeader)
}

// Server listens to announcements.
type Server struct {
	params *chaincfg.Params
	sink   Sink
}

// NewServer returns a server that hands announcements to sink.
func NewServer(params *chaincfg.Params, sink Sink) *Server { return &Server{params, sink} }

// Handle is an [exchange.Handler]; there is no answer.
func (s *Server) Handle(_ context.Context, from peer.ID, request exchange.Message, _ *exchange.Answer) error {
	if request.Command != headers {
		return nil
	}
	hs, err := headerlist.Decode(request.Payload, MaxEntries, events.TooMany)
	if err != nil {
		return err
	}
	if err := headerlist.Check(s.params, hs); err != nil {
		return err
	}
	if len(hs) > 0 {
		s.sink.Announced(from, hs)
	}
	return nil
}

package headers

import (
	"context"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/protocols/exchange"
)

// Source is what the server reads from. It must not wait for validation.
type Source interface {
	// HeadersAfter returns at most so many headers of the best header chain
	// after the first locator hash on it; one header for an empty locator.
	HeadersAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []wire.BlockHeader
}

// Server answers getheaders.
type Server struct{ src Source }

// NewServer returns a server that reads from src.
func NewServer(src Source) *Server { return &Server{src} }

// Handle is an [exchange.Handler].
func (s *Server) Handle(_ context.Context, _ peer.ID, request exchange.Message, answer *exchange.Answer) error {
	r, err := DecodeRequest(request.Payload)
	if err != nil {
		return err
	}
	payload, err := Encode(s.src.HeadersAfter(r.Locator, r.Stop, MaxHeaders))
	if err != nil {
		return err
	}
	return answer.Send(reply, payload)
}

package stem

import (
	"context"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/protocols/exchange"
)

// Sink takes transactions in their stem. An error that is an
// *[exchange.PeerError] is charged and ends the stream; nothing else of what
// becomes of a transaction can be seen from outside, so any other error must not
// be returned.
type Sink interface {
	Stemmed(ctx context.Context, from peer.ID, tx *btcutil.Tx) error
}

// Server takes stem transactions.
type Server struct{ sink Sink }

// NewServer returns a server that hands transactions to sink.
func NewServer(sink Sink) *Server { return &Server{sink} }

// Handle is an [exchange.Handler]; there is no answer.
func (s *Server) Handle(ctx context.Context, from peer.ID, request exchange.Message, _ *exchange.Answer) error {
	tx, err := Decode(request.Payload)
	if err != nil {
		return err
	}
	return s.sink.Stemmed(ctx, from, tx)
}

package announce

import (
	"context"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
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
	hs, err := decode(request.Payload)
	if err != nil {
		return err
	}
	if err := s.check(from, hs); err != nil {
		return err
	}
	if len(hs) > 0 {
		s.sink.Announced(from, hs)
	}
	return nil
}

func (s *Server) check(p peer.ID, hs []wire.BlockHeader) error {
	var last chainhash.Hash
	for i := range hs {
		if i > 0 && hs[i].PrevBlock != last {
			return exchange.Charge(p, events.UnsortedHeaders, "header %d is not the child of header %d", i, i-1)
		}
		last = hs[i].BlockHash()
		target := blockchain.CompactToBig(hs[i].Bits)
		if target.Sign() <= 0 || target.Cmp(s.params.PowLimit) > 0 || blockchain.HashToBig(&last).Cmp(target) > 0 {
			return exchange.Charge(p, events.BadProofOfWork, "header %v does not carry the work that it claims", last)
		}
	}
	return nil
}

package objects

import (
	"context"
	"errors"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/protocols/envelope"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/invlist"
)

// Source is what the server reads from: serialized objects with witnesses, or
// an error that Is [ErrNotFound]. For a transaction it matters who asks: what the
// asker was not told of is not found.
type Source interface {
	RawBlock(hash chainhash.Hash) ([]byte, error)
	RawTx(from peer.ID, hash chainhash.Hash) ([]byte, error)
}

// Server answers getdata.
type Server struct {
	src  Source
	sums sums
}

// NewServer returns a server that reads from src.
func NewServer(src Source) *Server { return &Server{src: src} }

// Handle is an [exchange.Handler].
func (s *Server) Handle(ctx context.Context, from peer.ID, request exchange.Message, answer *exchange.Answer) error {
	items, err := invlist.Decode(request.Payload, MaxItems)
	if err != nil {
		return err
	}
	for _, item := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.one(from, item, answer); err != nil {
			return err
		}
	}
	return nil
}

// one answers for one item.
func (s *Server) one(from peer.ID, item wire.InvVect, answer *exchange.Answer) error {
	var cmd envelope.Command
	var raw []byte
	err := ErrNotFound // also for kinds of objects that we do not know
	switch item.Type {
	case wire.InvTypeBlock, wire.InvTypeWitnessBlock:
		cmd = block
		raw, err = s.src.RawBlock(item.Hash)
	case wire.InvTypeTx, wire.InvTypeWitnessTx:
		cmd = tx
		raw, err = s.src.RawTx(from, item.Hash)
	case wire.InvTypeError, wire.InvTypeFilteredBlock, wire.InvTypeFilteredWitnessBlock:
	}
	if errors.Is(err, ErrNotFound) {
		cmd = notfound
		raw, err = invlist.Encode(item.Type, []chainhash.Hash{item.Hash})
	}
	if err != nil {
		return err
	}
	if cmd == block {
		return answer.SendSummed(cmd, raw, s.sums.of(item.Hash, raw))
	}
	return answer.Send(cmd, raw)
}

package announce

import (
	"context"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/headerlist"
	"github.com/pappus-network/pappus/protocols/invlist"
)

// Sink is told of what peers announce. It must not block for long.
type Sink interface {
	// Announced is told of headers that follow one another and carry the work that
	// they claim; whether they connect to anything is for the sink to see.
	Announced(from peer.ID, headers []wire.BlockHeader)
	// Inventory is told of transactions that a peer has, by their ids.
	Inventory(from peer.ID, txs []chainhash.Hash)
	// Addresses is told where other peers are said to be. Nothing of it is verified.
	Addresses(from peer.ID, entries []addrlist.Entry)
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
	switch request.Command {
	case inv:
		return s.inventory(from, request.Payload)
	case addr:
		return s.addresses(from, request.Payload)
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

// inventory hands on the transactions of an inv and leaves other kinds alone:
// blocks are announced by their headers.
func (s *Server) inventory(from peer.ID, payload []byte) error {
	vectors, err := invlist.Decode(payload, MaxEntries)
	if err != nil {
		return err
	}
	txs := make([]chainhash.Hash, 0, len(vectors))
	for _, v := range vectors {
		if v.Type == wire.InvTypeTx || v.Type == wire.InvTypeWitnessTx {
			txs = append(txs, v.Hash)
		}
	}
	if len(txs) > 0 {
		s.sink.Inventory(from, txs)
	}
	return nil
}

// addresses hands on where others are said to be.
func (s *Server) addresses(from peer.ID, payload []byte) error {
	entries, err := addrlist.Decode(payload, MaxEntries)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		s.sink.Addresses(from, entries)
	}
	return nil
}

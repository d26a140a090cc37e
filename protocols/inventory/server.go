package inventory

import (
	"context"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/invlist"
)

// Source is what the server reads from.
type Source interface {
	// BlocksAfter returns at most so many hashes of stored blocks on the main
	// chain after the first locator hash on it.
	BlocksAfter(locator []chainhash.Hash, stop chainhash.Hash, most int) []chainhash.Hash
	// MempoolHashes returns the ids of at most so many waiting transactions that
	// the asker may know of.
	MempoolHashes(from peer.ID, most int) []chainhash.Hash
}

// Server answers getblocks and mempool.
type Server struct{ src Source }

// NewServer returns a server that reads from src.
func NewServer(src Source) *Server { return &Server{src} }

// Handle is an [exchange.Handler].
func (s *Server) Handle(_ context.Context, from peer.ID, request exchange.Message, answer *exchange.Answer) error {
	kind, hashes := wire.InvTypeTx, []chainhash.Hash(nil)
	if request.Command == mempool {
		hashes = s.src.MempoolHashes(from, MaxTxs)
	} else {
		locator, stop, err := decodeGetBlocks(request.Payload)
		if err != nil {
			return err
		}
		kind, hashes = wire.InvTypeBlock, s.src.BlocksAfter(locator, stop, MaxBlocks)
	}
	payload, err := invlist.Encode(kind, hashes)
	if err != nil {
		return err
	}
	return answer.Send(inv, payload)
}

package inventory

import (
	"context"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/protocols/exchange"
)

// Client asks peers for identifiers. It is safe for concurrent use. Errors that are the
// peer's fault are *[exchange.PeerError]s.
type Client struct {
	opener exchange.Opener
	spec   exchange.Spec
}

// NewClient returns a client of a network.
func NewClient(o exchange.Opener, params *chaincfg.Params) *Client {
	return &Client{opener: o, spec: Spec(params)}
}

// Blocks returns the hashes of at most [MaxBlocks] blocks that the peer has after the
// locator, ascending, up to the stop hash unless that is zero. That they follow one another is for the headers to show.
func (c *Client) Blocks(ctx context.Context, p peer.ID, locator []chainhash.Hash, stop chainhash.Hash) ([]chainhash.Hash, error) {
	payload, err := encodeGetBlocks(locator, stop)
	if err != nil {
		return nil, err
	}
	return c.ask(ctx, p, exchange.Message{Command: getblocks, Payload: payload}, wire.InvTypeBlock, MaxBlocks)
}

// Mempool returns the ids of at most [MaxTxs] transactions that wait at the peer, in no
// order.
func (c *Client) Mempool(ctx context.Context, p peer.ID) ([]chainhash.Hash, error) {
	return c.ask(ctx, p, exchange.Message{Command: mempool}, wire.InvTypeTx, MaxTxs)
}

func (c *Client) ask(ctx context.Context, p peer.ID, request exchange.Message, kind wire.InvType, most int) ([]chainhash.Hash, error) {
	m, err := exchange.Ask(ctx, c.opener, p, c.spec, request)
	if err != nil {
		return nil, err
	}
	hashes, err := decodeInv(m.Payload, kind, most)
	if err != nil {
		return nil, &exchange.PeerError{Peer: p, Reason: exchange.ReasonOf(err), Err: err}
	}
	return hashes, nil
}

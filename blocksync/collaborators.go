package blocksync

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain"
	"github.com/pappus-network/pappus/chain/headertree"
	"github.com/pappus-network/pappus/protocols/headers"
	"github.com/pappus-network/pappus/protocols/objects"
)

// Chain is the validated chain and the tree of headers above it.
type Chain interface {
	Headers() *headertree.Tree
	AcceptHeaders(now time.Time, headers []wire.BlockHeader) (added int, err error)
	// AcceptChecked validates and stores a block that has passed body.Check.
	AcceptChecked(b *btcutil.Block) error
	Tip() chain.Tip
	HaveBlock(hash chainhash.Hash) bool
}

// HeaderAsker opens streams for headers.
type HeaderAsker interface {
	OpenHeaders(ctx context.Context, p peer.ID) (HeaderSession, error)
}

// HeaderSession is one stream for headers. One goroutine uses it.
type HeaderSession interface {
	// Request asks for the headers after the first locator hash known to the
	// peer. It MAY be called before the last answer is read, once.
	Request(ctx context.Context, locator []chainhash.Hash, stop chainhash.Hash) error
	// Next returns the next answer: at most 2,000 headers, each its
	// predecessor's child and with the proof of work that it claims.
	Next(ctx context.Context) ([]wire.BlockHeader, error)
	// Close ends the stream. It MUST NOT block.
	Close() error
}

// BlockAsker opens streams for blocks.
type BlockAsker interface {
	OpenBlocks(ctx context.Context, p peer.ID) (BlockSession, error)
}

// BlockSession is one stream for blocks. One goroutine may Request while
// another reads.
type BlockSession interface {
	// Request asks for blocks, behind those asked for before.
	Request(ctx context.Context, hashes []chainhash.Hash) error
	// Next returns the next answer, in the order asked. A block MUST be
	// decoded, be the one asked for and have passed body.Check.
	Next(ctx context.Context) (objects.Result, error)
	// Close ends the stream. It MUST NOT block.
	Close() error
}

// Peers asks over libp2p streams: the node's HeaderAsker and BlockAsker.
type Peers struct {
	Headers *headers.Client
	Blocks  *objects.Client
}

// OpenHeaders implements [HeaderAsker].
func (p Peers) OpenHeaders(ctx context.Context, id peer.ID) (HeaderSession, error) {
	s, err := p.Headers.Open(ctx, id)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// OpenBlocks implements [BlockAsker].
func (p Peers) OpenBlocks(ctx context.Context, id peer.ID) (BlockSession, error) {
	s, err := p.Blocks.Open(ctx, id)
	if err != nil {
		return nil, err
	}
	return s, nil
}

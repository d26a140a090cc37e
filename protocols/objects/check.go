package objects

import (
	"bytes"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain/body"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
	"github.com/pappus-network/pappus/protocols/invlist"
	"github.com/pappus-network/pappus/protocols/rawtx"
)

// parseBlock decodes a block and checks that it is the one asked for and that
// its body belongs to its header. The block keeps the bytes and the hashes that
// were computed, so that nothing is encoded or hashed again.
func parseBlock(p peer.ID, raw []byte, want chainhash.Hash) (*btcutil.Block, error) {
	if len(raw) < wire.MaxBlockHeaderPayload {
		return nil, exchange.Charge(p, events.Malformed, "a block of %d bytes", len(raw))
	}
	if got := chainhash.DoubleHashH(raw[:wire.MaxBlockHeaderPayload]); got != want {
		return nil, exchange.Charge(p, events.WrongBlock, "block %v instead of %v", got, want)
	}
	rest, err := rawtx.SkipAll(raw[wire.MaxBlockHeaderPayload:])
	if err != nil {
		return nil, exchange.Charge(p, events.Malformed, "block %v: %w", want, err)
	}
	var m wire.MsgBlock
	if err := m.Deserialize(bytes.NewReader(raw)); err != nil {
		return nil, exchange.Charge(p, events.Malformed, "block %v: %w", want, err)
	}
	if len(rest) > 0 {
		return nil, exchange.Charge(p, events.TrailingBytes, "%d bytes after block %v", len(rest), want)
	}
	b := btcutil.NewBlockFromBlockAndBytes(&m, raw)
	if err := body.Check(b); err != nil {
		return nil, exchange.Charge(p, events.MutatedBlock, "block %v: %w", want, err)
	}
	return b, nil
}

// parseTx decodes a transaction and checks that it is the one asked for.
func parseTx(p peer.ID, raw []byte, want chainhash.Hash) (*btcutil.Tx, error) {
	t, err := rawtx.Parse(raw)
	if err != nil {
		return nil, exchange.Charge(p, exchange.ReasonOf(err), "transaction %v: %w", want, err)
	}
	if *t.Hash() != want {
		return nil, exchange.Charge(p, events.WrongTx, "transaction %v instead of %v", t.Hash(), want)
	}
	return t, nil
}

// checkMissing returns [ErrNotFound] for a notfound of just this object.
func checkMissing(p peer.ID, payload []byte, hash chainhash.Hash) error {
	items, err := invlist.Decode(payload, 1)
	if err != nil {
		return &exchange.PeerError{Peer: p, Reason: exchange.ReasonOf(err), Err: err}
	}
	if len(items) != 1 || items[0].Hash != hash {
		return exchange.Charge(p, events.Unasked, "a notfound of something else than %v", hash)
	}
	return ErrNotFound
}

package objects

import (
	"bytes"
	"errors"
	"slices"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/libp2p/go-libp2p/core/peer"

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
	if err := checkBody(b); err != nil {
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

var (
	errNoTxs      = errors.New("no transactions")
	errMerkleRoot = errors.New("the transactions are not those of the header's merkle root")
	errDuplicate  = errors.New("a transaction stands in it twice (CVE-2012-2459)")
)

// checkBody says whether the header commits to the body as it is.
func checkBody(b *btcutil.Block) error {
	txs := b.Transactions()
	if len(txs) == 0 {
		return errNoTxs
	}
	root := blockchain.CalcMerkleRoot(txs, false)
	if root != b.MsgBlock().Header.MerkleRoot {
		return errMerkleRoot
	}
	// A list whose end is doubled has the same root as the list without.
	seen := make(map[chainhash.Hash]struct{}, len(txs))
	for _, t := range txs {
		if _, again := seen[*t.Hash()]; again {
			return errDuplicate
		}
		seen[*t.Hash()] = struct{}{}
	}
	// Without any witness the block may be from before segwit, where the
	// commitment means nothing, or stripped; whoever knows the chain tells.
	if !slices.ContainsFunc(txs, (*btcutil.Tx).HasWitness) {
		return nil
	}
	return blockchain.ValidateWitnessCommitment(b)
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

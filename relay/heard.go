package relay

import (
	"context"
	"slices"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/events"
)

// Stemmed implements stem.Sink.
func (r *Relay) Stemmed(ctx context.Context, from peer.ID, tx *btcutil.Tx) error {
	r.heard(from, tx, true)
	return r.mechanism.Stemmed(ctx, from, tx)
}

// Received takes a transaction that gossip brought. The error is for its sender;
// taken says whether it is worth passing on.
func (r *Relay) Received(from peer.ID, tx *btcutil.Tx) (taken bool, err error) {
	r.heard(from, tx, false)
	err = r.intake.submit(tx, from)
	if err == nil || reasonOf(err) == events.KnownTx {
		return true, nil
	}
	return false, blame(from, err)
}

// heard tells of a transaction that a peer has brought, unless the mempool has it.
func (r *Relay) heard(from peer.ID, tx *btcutil.Tx, stem bool) {
	if hash := *tx.Hash(); !r.intake.pool.Have(hash) {
		r.intake.emit(events.TxHeard{From: from, Txs: []chainhash.Hash{hash}, Stem: stem})
	}
}

// Inventory implements announce.Sink's part for transactions.
func (r *Relay) Inventory(from peer.ID, txs []chainhash.Hash) {
	if r.announces != nil {
		r.announces.knows(from, txs)
	}
	unknown := make([]chainhash.Hash, 0, len(txs))
	for _, tx := range txs {
		if r.journal.Owns(tx) {
			r.seen(tx, from)
		}
		if !r.intake.pool.Have(tx) {
			unknown = append(unknown, tx)
		}
	}
	if len(unknown) > 0 {
		// One event for all: a long inventory pushes no other out of a reader's queue.
		r.intake.emit(events.TxHeard{From: from, Txs: slices.Clone(unknown)})
	}
	r.fetch.announced(from, unknown)
}

// Seen notes that a peer has gossiped a transaction: what the operator wants to know
// of own ones.
func (r *Relay) Seen(wtxid chainhash.Hash, from peer.ID) {
	if tx, own := r.lives.named(wtxid); own {
		r.seen(tx, from)
	}
}

func (r *Relay) seen(tx chainhash.Hash, from peer.ID) {
	r.journal.SeenFrom(time.Now(), tx, from, r.links.group(from))
}

// lacking asks for the parents of an orphan, from who sent it and so has them.
func (r *Relay) lacking(from peer.ID, txs []chainhash.Hash) { r.fetch.announced(from, txs) }

// accepted is told of a transaction that is new in the mempool.
func (r *Relay) accepted(tx *btcutil.Tx, from peer.ID) {
	hash := *tx.Hash()
	r.links.credit(time.Now(), from)
	r.fetch.known(hash)
	r.journal.Fluffed(time.Now(), hash, "others") // unless its fluff is noted already
	if r.stemming != nil {
		r.stemming.seen(tx)
	}
	if from == "" {
		r.mechanism.Spread(tx)
		return
	}
	// That the peer has brought it does not mean that it shows it: it may be a stem that
	// ends here. What was announced or gossiped has been noted before.
	r.mechanism.Spread(tx, from)
}

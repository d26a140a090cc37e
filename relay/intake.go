package relay

import (
	"errors"
	"log/slog"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/chain/txpool"
	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// intake takes transactions into the mempool, whichever way they came, and tells
// everybody whom that concerns. It is safe for concurrent use.
type intake struct {
	pool *txpool.Pool
	log  *slog.Logger
	emit func(events.Event)
	// accepted is told of each transaction that is new in the mempool and of the
	// peer that sent it, "" for ourselves.
	accepted func(tx *btcutil.Tx, from peer.ID)
	// lacking is told of transactions that a peer's one spends and nobody has here.
	lacking func(from peer.ID, txs []chainhash.Hash)
}

// own takes a transaction of the operator's into the mempool and spreads it.
func (in *intake) own(tx *btcutil.Tx) error { return in.submit(tx, "") }

// take takes a peer's transaction. The error is a *[exchange.PeerError] if the
// peer is to blame; nil says nothing of what became of the transaction.
func (in *intake) take(from peer.ID, tx *btcutil.Tx) error {
	return blame(from, in.submit(tx, from))
}

// submit validates a transaction and spreads what it brings: itself, and orphans
// that have waited for it.
func (in *intake) submit(tx *btcutil.Tx, from peer.ID) error {
	fresh, err := in.pool.Submit(time.Now(), tx, string(from))
	for _, t := range fresh {
		sender := from
		if t != tx {
			sender = "" // an orphan came from somebody else
		}
		in.emit(events.TxAccepted{Tx: *t.Hash(), Bytes: t.MsgTx().SerializeSize()})
		in.accepted(t, sender)
	}
	if err != nil {
		in.emit(events.TxRefused{Tx: *tx.Hash(), Reason: reasonOf(err)})
	}
	if refused, ok := errors.AsType[*txpool.RejectError](err); ok && len(refused.Missing) > 0 && from != "" {
		in.lacking(from, refused.Missing)
	}
	return err
}

// present returns those of the transactions that are in the mempool.
func (in *intake) present(txs []chainhash.Hash) []chainhash.Hash {
	here := make([]chainhash.Hash, 0, len(txs))
	for _, tx := range txs {
		if in.pool.Have(tx) {
			here = append(here, tx)
		}
	}
	return here
}

// age is how long a transaction has been in the mempool; 0 if it is not.
func (in *intake) age(tx chainhash.Hash) time.Duration {
	e, ok := in.pool.Entry(tx)
	if !ok {
		return 0
	}
	return time.Since(e.Added)
}

// reasonOf says why a transaction was not taken.
func reasonOf(err error) events.Reason {
	if refused, ok := errors.AsType[*txpool.RejectError](err); ok {
		return refused.Reason
	}
	return events.Internal
}

// lost says why a transaction of the operator's goes nowhere any more, "" if it does not:
// one that is in the mempool, or in a block, is published, by whomever.
func lost(err error) events.Reason {
	why := reasonOf(err)
	if err == nil || why == events.KnownTx || why == events.MinedTx {
		return ""
	}
	return why
}

// blame returns an error only for what no honest relay could have sent: a
// transaction that breaks consensus whatever the chain. All else may be a matter
// of policy or of a tip that we have and the peer has not.
func blame(from peer.ID, err error) error {
	if err != nil && reasonOf(err) == events.InvalidTx {
		return &exchange.PeerError{Peer: from, Reason: events.InvalidTx, Err: err}
	}
	return nil
}

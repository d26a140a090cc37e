package relay

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/relay/journal"
)

// Submit takes a transaction of the operator's own and makes it travel. One that
// is on its way already is not sent again, and that is no error. The error tells
// by a *[txpool.RejectError] or *[stempool.Error] why it is not taken.
func (r *Relay) Submit(ctx context.Context, tx *btcutil.Tx) error {
	if r.stemming != nil && r.stemming.holdsOwn(*tx.Hash()) {
		return nil
	}
	raw, err := serialize(tx)
	if err != nil {
		return err
	}
	if err := r.journal.Submitted(ctx, time.Now(), tx, raw); err != nil {
		return err
	}
	r.lives.note(tx)
	if r.stemming == nil {
		r.journal.Fluffed(time.Now(), *tx.Hash(), "broadcast")
	}
	if err := r.mechanism.Originate(ctx, tx); err != nil {
		if reasonOf(err) == events.KnownTx {
			return nil // others have published it
		}
		r.journal.Refused(*tx.Hash())
		return err
	}
	return nil
}

// Abort takes back a transaction of the operator's that is in its stem still, and
// says whether it was. Whoever has it may publish it nevertheless.
func (r *Relay) Abort(tx chainhash.Hash) bool {
	return r.stemming != nil && r.stemming.abort(tx)
}

// restore goes on with the stems that a stop has interrupted. Without Dandelion
// they end here.
func (r *Relay) restore(parts Parts) {
	if r.stemming != nil {
		if n := r.stemming.restore(parts.Records); n > 0 {
			parts.Log.Info("stems from before the last stop are not valid any more", "count", n)
		}
		return
	}
	for _, rec := range parts.Records {
		parts.Shelf.Delete(rec.Held.Tx)
		r.journal.Fluffed(time.Now(), rec.Held.Tx, "broadcast")
		if why := lost(r.intake.own(rec.Tx)); why != "" {
			r.journal.Dropped(time.Now(), rec.Held.Tx, string(why))
		}
	}
}

// resume goes on with own transactions that a crash has caught between the journal
// and the stempool: they are in the journal alone.
func (r *Relay) resume(ctx context.Context) {
	for _, e := range r.journal.List() {
		if (e.State != journal.Waiting && e.State != journal.Stemmed) || (r.stemming != nil && r.stemming.holdsOwn(e.Tx)) {
			continue
		}
		if r.intake.pool.Have(e.Tx) {
			r.journal.Fluffed(time.Now(), e.Tx, "others") // the crash has taken the note
			continue
		}
		tx, err := btcutil.NewTxFromBytes(e.Raw)
		if err == nil {
			err = r.mechanism.Originate(ctx, tx)
		}
		// A block that came while the node was down tells of its own.
		if why := lost(err); why != "" && ctx.Err() == nil {
			r.journal.Dropped(time.Now(), e.Tx, string(why))
		}
	}
}

func serialize(tx *btcutil.Tx) ([]byte, error) {
	w := bytes.NewBuffer(make([]byte, 0, tx.MsgTx().SerializeSize()))
	if err := tx.MsgTx().Serialize(w); err != nil {
		return nil, fmt.Errorf("serialize transaction %v: %w", tx.Hash(), err)
	}
	return w.Bytes(), nil
}

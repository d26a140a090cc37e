package devnet

import (
	"context"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/api/dashboard"
)

const (
	// tries is how many coins are offered before a payment is given up: those of a branch
	// that lost, or of the other side of a gap, do not exist for the node.
	tries = 8
	// mostSent is how many payments are made at once.
	mostSent = 100
	// settleTimeout bounds the start: see docs/measurements.md for what it takes.
	settleTimeout = 5 * time.Minute
	// settleEvery is how often it is looked whether all have the same tip.
	settleEvery = 50 * time.Millisecond
)

// payAlways has members send transactions, one after the other, until ctx ends.
func (d *Devnet) payAlways(ctx context.Context) error {
	for d.pause(ctx, d.cfg.Payments) {
		if _, err := d.pay(ctx, "", 1); err != nil && ctx.Err() == nil {
			d.log.DebugContext(ctx, "no payment", "err", err)
		}
	}
	return nil
}

// pay has a member, any if none is named, send signed transactions to others.
func (d *Devnet) pay(ctx context.Context, from string, count int) ([]chainhash.Hash, error) {
	if count < 1 || count > mostSent {
		return nil, dashboard.BadRequest("%d transactions: 1 to %d can be sent at once", count, mostSent)
	}
	var sent []chainhash.Hash
	for range count {
		a, err := d.chosen(from)
		if err != nil {
			return sent, err
		}
		tx, err := d.payOnce(ctx, a)
		if err != nil {
			return sent, err
		}
		sent = append(sent, tx)
	}
	return sent, nil
}

// payOnce spends the member's oldest coin that its node takes: half goes to somebody else.
func (d *Devnet) payOnce(ctx context.Context, a alive) (chainhash.Hash, error) {
	to := a.key
	if o, ok := d.anyone(); ok {
		to = o.key
	}
	at, err := a.Tip(ctx)
	if err != nil {
		return chainhash.Hash{}, err
	}
	var last error
	for range tries {
		c, ok := d.purse.take(a.name, at.height, 2*dust+fee)
		if !ok {
			break
		}
		tx := payment(c, c.value/2, [][]byte{to.script}, a.key.script)
		if err := a.key.sign(tx); err != nil {
			return chainhash.Hash{}, err
		}
		hash := tx.TxHash()
		d.trace.sending(hash, a.member, tx.SerializeSize())
		if last = a.Submit(ctx, btcutil.NewTx(tx)); last == nil {
			d.feed.Publish("tx_sent", sentTx{stamp(a.name), hash.String(), tx.SerializeSize()})
			return hash, nil
		}
		d.trace.forget(hash)
		d.purse.back(c)
	}
	if last != nil {
		return chainhash.Hash{}, fmt.Errorf("%s sends no transaction: %w", a.name, last)
	}
	return chainhash.Hash{}, dashboard.Conflict("%s has no coin to spend at the moment: its change comes with the next block (pappus devnet mine)", a.name)
}

// settle waits until all nodes have the same tip and a first transaction has reached them.
func (d *Devnet) settle(ctx context.Context) error {
	late, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if err := poll(late, settleEvery, func() bool { return d.agree(late) }); err != nil {
		return fmt.Errorf("the nodes do not come to the same tip: %w", err)
	}
	if d.cfg.Nodes == 1 {
		return nil // nobody to send anything to
	}
	tx, err := d.payOnce(ctx, d.up()[0])
	if err != nil {
		return fmt.Errorf("send the first transaction: %w", err)
	}
	if err := poll(late, settleEvery, func() bool { return d.trace.everywhere(tx) }); err != nil {
		return fmt.Errorf("the first transaction does not reach everybody: %w", err)
	}
	return nil
}

// poll returns when a condition holds.
func poll(ctx context.Context, every time.Duration, holds func() bool) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

// agree says whether all nodes that run have the same tip.
func (d *Devnet) agree(ctx context.Context) bool {
	up := d.up()
	var all chainhash.Hash
	for i, a := range up {
		at, err := a.Tip(ctx)
		if err != nil || (i > 0 && at.hash != all) {
			return false
		}
		all = at.hash
	}
	return len(up) > 0
}

package devnet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/pappus-network/pappus/api/dashboard"
)

// maxFactor cuts the tail of the exponential times between two blocks, or payments, so
// that the network never seems to hang: it is exceeded once in 148 draws.
const maxFactor = 5

// mostMined is how many blocks are mined at once: a second's worth of work.
const mostMined = 200

// mineAlways has members find blocks, one after the other, until ctx ends.
func (d *Devnet) mineAlways(ctx context.Context) error {
	for d.pause(ctx, d.cfg.Blocks) {
		if _, err := d.mine(ctx, "", 1); err != nil && ctx.Err() == nil {
			d.log.DebugContext(ctx, "no block", "err", err)
		}
	}
	return nil
}

// pause waits for an exponential time. False: ctx has ended.
func (d *Devnet) pause(ctx context.Context, mean time.Duration) bool {
	d.mu.Lock()
	factor := min(d.rng.ExpFloat64(), maxFactor)
	d.mu.Unlock()
	timer := time.NewTimer(time.Duration(factor * float64(mean)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// mine has a member find blocks, any if none is named.
func (d *Devnet) mine(ctx context.Context, name string, count int) ([]chainhash.Hash, error) {
	if count < 1 || count > mostMined {
		return nil, dashboard.BadRequest("%d blocks: 1 to %d can be mined at once", count, mostMined)
	}
	a, err := d.chosen(name)
	if err != nil {
		return nil, err
	}
	if p := a.node.Progress(); p.Syncing && p.Peers > 0 {
		return nil, dashboard.Conflict("%s is fetching the chain still: try again in a moment", a.name)
	}
	return a.node.Chain().Mine(ctx, a.key.script, count)
}

// chosen returns a member that runs: the one of a name, or any.
func (d *Devnet) chosen(name string) (alive, error) {
	if name == "" {
		if a, ok := d.anyone(); ok {
			return a, nil
		}
		return alive{}, dashboard.Conflict("no node runs: add one, or restart one")
	}
	m, err := d.find(name)
	if err != nil {
		return alive{}, err
	}
	n, ok := m.live()
	if !ok {
		return alive{}, dashboard.Conflict("%s does not run: restart it", name)
	}
	return alive{m, n}, nil
}

// endow gives each member its first coins: the bank mines until a reward may be spent, pays
// it out, and mines the payment. A chain that is there already is read instead.
func (d *Devnet) endow(ctx context.Context, first *member) error {
	n, ok := first.live()
	if !ok {
		return errors.New("the first node has ended")
	}
	c := n.Chain()
	for height := int32(1); height <= c.Tip().Height && ctx.Err() == nil; height++ {
		if hash, ok := c.BlockHash(height); ok {
			d.readBlock(alive{first, n}, hash, height)
		}
	}
	maturity := int32(d.params.CoinbaseMaturity) // 100
	if missing := maturity + 1 - c.Tip().Height; missing > 0 {
		hashes, err := c.Mine(ctx, d.bank.script, int(missing))
		if err != nil {
			return fmt.Errorf("mine the first coins: %w", err)
		}
		for _, hash := range hashes {
			if e, ok := c.Headers().Lookup(hash); ok {
				d.readBlock(alive{first, n}, hash, e.Height)
			}
		}
	}
	if err := d.payOut(alive{first, n}, d.all()); err != nil {
		return err
	}
	hashes, err := c.Mine(ctx, first.key.script, 1)
	if err != nil {
		return fmt.Errorf("mine the first payments: %w", err)
	}
	d.readBlock(alive{first, n}, hashes[0], c.Tip().Height)
	return nil
}

// payOut gives coins to those members that have few. It publishes at once: whom the bank
// pays is no secret.
func (d *Devnet) payOut(from alive, to []*member) error {
	height := from.node.Chain().Tip().Height
	var scripts [][]byte
	for _, m := range to {
		for range coinsEach - min(coinsEach, d.purse.count(m.name, height)) {
			scripts = append(scripts, m.key.script)
		}
	}
	if len(scripts) == 0 {
		return nil
	}
	c, ok := d.purse.take(bank, height, int64(len(scripts))*coinValue+fee*int64(len(scripts)))
	if !ok {
		return fmt.Errorf("the bank has no coin for %d payments", len(scripts))
	}
	tx := payment(c, coinValue, scripts, d.bank.script)
	// A fee that fits the size: 34 bytes an output at 4 satoshi each.
	tx.TxOut[len(tx.TxOut)-1].Value -= 4 * 34 * int64(len(scripts))
	if err := d.bank.sign(tx); err != nil {
		return err
	}
	if err := from.node.Chain().Submit(btcutil.NewTx(tx)); err != nil {
		d.purse.back(c)
		return fmt.Errorf("pay the first coins out: %w", err)
	}
	return nil
}

// readBlock has the purse and the tracer look at a block of a member's chain.
func (d *Devnet) readBlock(a alive, hash chainhash.Hash, height int32) {
	raw, err := a.node.Chain().StoredBlock(hash)
	if err != nil {
		return // undone meanwhile
	}
	b, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return // of our own database
	}
	d.purse.read(b, height)
	if mined := d.trace.mined(b, a.member); len(mined) > 0 {
		d.feed.Publish("tx_mined", minedTxs{stamp(a.name), mined, height, hash.String()})
	}
}

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
	at, err := a.Tip(ctx)
	if err != nil {
		return nil, err
	}
	if at.behind {
		return nil, dashboard.Conflict("%s is fetching the chain still: try again in a moment", a.name)
	}
	return a.Mine(ctx, a.key, count)
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
	a, ok := m.live()
	if !ok {
		return alive{}, dashboard.Conflict("%s does not run: restart it", name)
	}
	return a, nil
}

// endow gives each member its first coins: the bank mines until a reward may be spent, and
// pays it out. A chain that is there already is read instead.
func (d *Devnet) endow(ctx context.Context, first *member) error {
	a, ok := first.live()
	if !ok {
		return errors.New("the first node has ended")
	}
	height, err := d.readChain(ctx, a)
	if err != nil {
		return err
	}
	maturity := int32(d.params.CoinbaseMaturity) // 100
	if missing := maturity + 1 - height; missing > 0 {
		if _, err := a.Mine(ctx, d.bank, int(missing)); err != nil {
			return fmt.Errorf("mine the first coins: %w", err)
		}
		if _, err := d.readChain(ctx, a); err != nil {
			return err
		}
	}
	return d.payOut(ctx, a, d.all())
}

// readChain has the purse look at all blocks of a member's chain, the oldest first, and
// returns the height.
func (d *Devnet) readChain(ctx context.Context, a alive) (int32, error) {
	at, err := a.Tip(ctx)
	if err != nil {
		return 0, err
	}
	blocks := make([]*btcutil.Block, at.height)
	hash := at.hash
	for i := len(blocks) - 1; i >= 0; i-- {
		if blocks[i], err = a.Block(ctx, hash); err != nil {
			return 0, fmt.Errorf("read the chain: %w", err)
		}
		hash = blocks[i].MsgBlock().Header.PrevBlock
	}
	for i, b := range blocks {
		d.purse.read(b, int32(i)+1) // of a chain that fits in memory
	}
	return at.height, nil
}

// payOut gives coins to those members that have few, in a block that a member finds for
// it.
func (d *Devnet) payOut(ctx context.Context, from alive, to []*member) error {
	at, err := from.Tip(ctx)
	if err != nil {
		return err
	}
	var scripts [][]byte
	for _, m := range to {
		for range coinsEach - min(coinsEach, d.purse.count(m.name, at.height)) {
			scripts = append(scripts, m.key.script)
		}
	}
	if len(scripts) == 0 {
		return nil
	}
	c, ok := d.purse.take(bank, at.height, int64(len(scripts))*coinValue+fee*int64(len(scripts)))
	if !ok {
		return fmt.Errorf("the bank has no coin for %d payments", len(scripts))
	}
	tx := payment(c, coinValue, scripts, d.bank.script)
	if err := d.bank.sign(tx); err != nil {
		return err
	}
	hash, err := from.Settle(ctx, from.key, btcutil.NewTx(tx))
	if err != nil {
		d.purse.back(c)
		return fmt.Errorf("pay the first coins out: %w", err)
	}
	d.readBlock(ctx, from, hash, at.height+1)
	return nil
}

// readBlock has the purse and the tracer look at a block that a member has.
func (d *Devnet) readBlock(ctx context.Context, a alive, hash chainhash.Hash, height int32) {
	b, err := d.shelf.get(hash, func() (*btcutil.Block, error) { return a.Block(ctx, hash) })
	if err != nil {
		return // it has ended, or undone the block
	}
	d.purse.read(b, height)
	if mined := d.trace.mined(b, a.member); len(mined) > 0 {
		d.feed.Publish("tx_mined", minedTxs{stamp(a.name), mined, height, hash.String()})
	}
}

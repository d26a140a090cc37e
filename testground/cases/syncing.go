package cases

import (
	"context"
	"fmt"
	"time"
)

// Mined says that the leader has found a block.
type Mined struct {
	Block string
	At    int64 // nanoseconds since 1970, by the leader's clock
}

// syncing: the leader has a chain, all others fetch it as soon as they are linked; then
// it mines more, block by block, and each is followed everywhere.
func syncing(ctx context.Context, i *instance) error {
	if i.leads() {
		if _, err := i.mine(ctx, i.params.Blocks); err != nil {
			return err
		}
	}
	if err := i.meet(ctx, "chain made"); err != nil {
		return err
	}
	began := time.Now()
	if err := i.connect(ctx); err != nil {
		return err
	}
	tip, err := i.announceTip(ctx, "synced-tip")
	if err != nil {
		return err
	}
	if err := i.reach(ctx, tip.Block); err != nil {
		return err
	}
	if !i.leads() {
		i.recordTime("sync", time.Since(began))
	}
	for n := range i.params.Fresh {
		if err := i.follow(ctx, n); err != nil {
			return err
		}
	}
	i.say("in step with the leader after %d + %d blocks", i.params.Blocks, i.params.Fresh)
	return nil
}

// follow has the leader mine one block, and everybody have it.
func (i *instance) follow(ctx context.Context, n int) error {
	if err := i.meet(ctx, fmt.Sprintf("ready for block %d", n)); err != nil {
		return err
	}
	if i.leads() {
		if _, err := i.mine(ctx, 1); err != nil {
			return err
		}
	}
	tip, err := i.announceTip(ctx, fmt.Sprintf("fresh-tip-%d", n))
	if err != nil {
		return err
	}
	if err := i.reach(ctx, tip.Block); err != nil {
		return err
	}
	at, err := i.connectedAt(ctx, tip.Block)
	if err == nil && !i.leads() {
		i.recordTime("block", at.Sub(time.Unix(0, tip.At)))
	}
	return err
}

// connectedAt returns when a block of the chain was connected. The log may lag behind
// the chain.
func (i *instance) connectedAt(ctx context.Context, block string) (at time.Time, err error) {
	err = i.await(ctx, "note block "+block, func() bool {
		var noted bool
		at, noted = i.node.Diary.Connected(block)
		return noted
	})
	return at, err
}

// mine finds blocks and returns their hashes.
func (i *instance) mine(ctx context.Context, n int) (hashes []string, err error) {
	err = i.patiently(ctx, func(ctx context.Context) error {
		hashes, err = i.node.Mine(ctx, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("mine %d blocks: %w", n, err)
	}
	return hashes, nil
}

// announceTip returns the leader's tip, which the leader publishes.
func (i *instance) announceTip(ctx context.Context, topic string) (Mined, error) {
	return i.tipOf(ctx, topic, i.leads())
}

// tipOf returns the tip of the instance that speaks.
func (i *instance) tipOf(ctx context.Context, topic string, speaks bool) (Mined, error) {
	return tell(ctx, i, topic, speaks, func(ctx context.Context) (Mined, error) {
		tip, err := i.node.Tip(ctx)
		if err != nil {
			return Mined{}, err
		}
		at, err := i.connectedAt(ctx, tip)
		return Mined{tip, at.UnixNano()}, err
	})
}

// tell returns the one message of a topic, which the instance that speaks publishes.
func tell[T any](ctx context.Context, i *instance, topic string, speaks bool, message func(context.Context) (T, error)) (T, error) {
	var mine *T
	if speaks {
		m, err := message(ctx)
		if err != nil {
			return m, err
		}
		mine = &m
	}
	all, err := gather(ctx, i, topic, 1, mine)
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}

// reach waits until the node's tip is a block.
func (i *instance) reach(ctx context.Context, block string) error {
	var tip string
	err := i.await(ctx, "reach block "+block, func() bool {
		now, err := i.node.Tip(ctx)
		if err == nil {
			tip = now
		}
		return tip == block
	})
	if err != nil {
		return fmt.Errorf("%w: it is at %s", err, tip)
	}
	return nil
}

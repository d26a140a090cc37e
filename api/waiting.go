package api

import (
	"context"
	"math"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// maxAwaiting is how many calls may wait for blocks at once. They take no place of those
// at work; each costs a subscription of 200 KB at most.
const maxAwaiting = 20

// Tips says when the tip moves.
type Tips interface {
	// AwaitTip returns the first tip, the present one included, that reached is true
	// for, or the present one when ctx ends.
	AwaitTip(ctx context.Context, reached func(Tip) bool) Tip
}

func (d *dispatcher) waitingMethods() []method {
	timeout := argument{name: "timeout", optional: true}
	const ends = " Returns the tip, also when timeout, in milliseconds (0 = none), has passed. At most 20 calls wait at once."
	return []method{
		{
			name: "waitforblock", handle: d.waitForBlock,
			args:    []argument{{name: "blockhash"}, timeout},
			summary: "Waits until a block is the tip." + ends,
		},
		{
			name: "waitforblockheight", handle: d.waitForBlockHeight,
			args:    []argument{{name: "height"}, timeout},
			summary: "Waits until the validated chain has at least this height." + ends,
		},
		{
			name: "waitfornewblock", handle: d.waitForNewBlock,
			args:    []argument{timeout, {name: "current_tip", optional: true}},
			summary: "Waits until the tip is another one than current_tip, or than now if that is not given." + ends,
		},
	}
}

// tipResult is what the waiting methods return.
type tipResult struct {
	Hash   string `json:"hash"`
	Height int32  `json:"height"`
}

func (d *dispatcher) waitForBlock(ctx context.Context, a arguments) (any, error) {
	hash, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	return d.await(ctx, a, 1, func(t Tip) bool { return t.Hash == hash })
}

func (d *dispatcher) waitForBlockHeight(ctx context.Context, a arguments) (any, error) {
	height, err := a.integer(0)
	if err != nil {
		return nil, err
	}
	return d.await(ctx, a, 1, func(t Tip) bool { return int64(t.Height) >= height })
}

func (d *dispatcher) waitForNewBlock(ctx context.Context, a arguments) (any, error) {
	now := d.Chain.Tip().Hash
	if a.given(1) {
		var err error
		if now, err = a.hash(1); err != nil {
			return nil, err
		}
	}
	return d.await(ctx, a, 0, otherThan(now))
}

// await waits no longer than the argument at position i says.
func (d *dispatcher) await(ctx context.Context, a arguments, i int, reached func(Tip) bool) (any, error) {
	wait := int64(0)
	if a.given(i) {
		var err error
		if wait, err = a.integer(i); err != nil {
			return nil, err
		}
	}
	if wait < 0 {
		return nil, refuse(btcjson.ErrRPCMisc, "Negative timeout")
	}
	if wait > 0 && wait < math.MaxInt64/int64(time.Millisecond) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(wait)*time.Millisecond)
		defer cancel()
	}
	t, err := d.awaitTip(ctx, reached)
	return tipResult{t.Hash.String(), t.Height}, err
}

// awaitTip waits if few others do.
func (d *dispatcher) awaitTip(ctx context.Context, reached func(Tip) bool) (Tip, error) {
	if t := d.Chain.Tip(); reached(t) {
		return t, nil
	}
	select {
	case d.awaiting <- struct{}{}:
		defer func() { <-d.awaiting }()
	default:
		return Tip{}, refuse(btcjson.ErrRPCMisc, "%d calls wait for blocks already: try again later", maxAwaiting)
	}
	var t Tip
	err := d.gate.aside(func() error {
		t = d.Tips.AwaitTip(ctx, reached)
		return nil
	})
	return t, err
}

func otherThan(hash chainhash.Hash) func(Tip) bool { return func(t Tip) bool { return t.Hash != hash } }

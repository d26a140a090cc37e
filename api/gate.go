package api

import (
	"context"
	"errors"
	"time"
)

// Source of both: Bitcoin Core's -rpcworkqueue (64) and btcd's
// rpcmaxconcurrentreqs (20). One waiting request costs a goroutine and its
// headers, ≈ 20 KB: 64 of them are 1.3 MB.
const (
	maxRunning = 20
	maxWaiting = 64
)

// maxQueued is how many calls may wait for a turn to be heavy. Each holds a request of
// at most a MiB.
const maxQueued = maxWaiting

// While blocks come in, a heavy call's place rests restShare times as long as the call
// took, restMost at most: two places then take a tenth of a core together, and a sync on two
// cores is 5 % slower at most, however many ask. A caller alone waits no longer than that.
const (
	restShare = 19
	restMost  = 10 * time.Second
)

// maxHeavy is how many calls at once may hold a block or the mempool in memory:
// a 4 MB block is up to ~60 MB as decoded JSON. Two keep two cores busy.
const maxHeavy = 2

var errBusy = errors.New("work queue depth exceeded: try again later")

// gate bounds how many requests are at work and how many wait for that.
type gate struct {
	running chan struct{}
	waiting chan struct{}
}

func newGate(running, waiting int) *gate {
	return &gate{running: make(chan struct{}, running), waiting: make(chan struct{}, waiting)}
}

// enter returns when there is room; errBusy at once when there is none even to
// wait. leave must be called after a nil error.
func (g *gate) enter(ctx context.Context) error {
	select {
	case g.running <- struct{}{}:
		return nil
	default:
	}
	select {
	case g.waiting <- struct{}{}:
	default:
		return errBusy
	}
	defer func() { <-g.waiting }()
	select {
	case g.running <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) leave() { <-g.running }

// aside gives up the place at work while wait takes its time, and takes one again. Calls
// that wait for something else than the processor would otherwise keep all the others
// from being answered.
func (g *gate) aside(wait func() error) error {
	g.leave()
	defer func() { g.running <- struct{}{} }() // soon: whoever is at work ends or steps aside
	return wait()
}

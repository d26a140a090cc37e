package api

import (
	"context"
	"errors"
)

// Source of both: Bitcoin Core's -rpcworkqueue (64) and btcd's
// rpcmaxconcurrentreqs (20). One waiting request costs a goroutine and its
// headers, ≈ 20 KB: 64 of them are 1.3 MB.
const (
	maxRunning = 20
	maxWaiting = 64
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

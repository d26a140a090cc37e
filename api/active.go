package api

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// active are the calls that are being answered. It is safe for concurrent use.
type active struct {
	mu    sync.Mutex
	next  uint64
	calls map[uint64]activeCall
}

type activeCall struct {
	method string
	since  time.Time
}

// begin notes a call and returns what ends it.
func (c *active) begin(method string) (end func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = make(map[uint64]activeCall)
	}
	c.next++
	id := c.next
	c.calls[id] = activeCall{method, time.Now()}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.calls, id)
	}
}

// list returns the calls, the oldest first.
func (c *active) list() []activeCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]activeCall, 0, len(c.calls))
	for _, id := range slices.Sorted(maps.Keys(c.calls)) {
		all = append(all, c.calls[id])
	}
	return all
}

// activeResult is one command of getrpcinfo's.
type activeResult struct {
	Method   string `json:"method"`
	Duration int64  `json:"duration"` // microseconds
}

func (d *dispatcher) getRPCInfo(context.Context, arguments) (any, error) {
	commands := []activeResult{}
	for _, call := range d.active.list() {
		commands = append(commands, activeResult{call.method, time.Since(call.since).Microseconds()})
	}
	return map[string]any{"active_commands": commands, "logpath": ""}, nil
}

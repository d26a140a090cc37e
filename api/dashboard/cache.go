package dashboard

import (
	"context"
	"sync"
	"time"
)

const (
	// fresh is how long an answer serves all who ask for the same.
	fresh = 250 * time.Millisecond
	// costly is how many times as long as it took to compute an answer serves at least: no
	// answer takes more than 5 % of a core, however often it is asked for.
	costly = 20
	// maxAnswers bounds the cache: with ~20 KB an answer 5 MB. Then it begins anew.
	maxAnswers = 256
)

// question is what is asked, as far as the answer depends on it.
type question struct {
	path, name string
	count      int
}

// cache keeps answers for a moment. Whoever asks for one that is being computed waits for
// it.
type cache struct {
	mu      sync.Mutex
	answers map[question]*cached
}

// cached is an answer. Turn is held by who looks at it or computes it.
type cached struct {
	turn  chan struct{}
	body  []byte
	until time.Time
}

func newCache() *cache { return &cache{answers: make(map[question]*cached)} }

// get returns an answer that is fresh, computing it if there is none. Errors are not kept.
func (c *cache) get(ctx context.Context, q question, compute func() ([]byte, error)) ([]byte, error) {
	a := c.of(q)
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	begun := time.Now()
	if begun.Before(a.until) {
		return a.body, nil
	}
	body, err := compute()
	if err != nil {
		return nil, err
	}
	took := time.Since(begun)
	a.body, a.until = body, begun.Add(max(fresh, costly*took))
	return body, nil
}

func (c *cache) of(q question) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.answers[q]
	if !ok {
		if len(c.answers) >= maxAnswers {
			clear(c.answers)
		}
		a = &cached{turn: make(chan struct{}, 1)}
		c.answers[q] = a
	}
	return a
}

// clear forgets all answers.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.answers)
}

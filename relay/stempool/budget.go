package stempool

import "time"

// bucket is a token bucket.
type bucket struct {
	rate Rate
	left float64 // below zero: a debt
	at   time.Time
}

func newBucket(r Rate, now time.Time) bucket {
	first := r.First
	if first == 0 {
		first = r.Burst
	}
	return bucket{r, first, now}
}

// fill adds what has come since the last time.
func (b *bucket) fill(now time.Time) {
	if now.After(b.at) {
		b.left = min(b.rate.Burst, b.left+b.rate.PerSecond*now.Sub(b.at).Seconds())
		b.at = now
	}
}

// covers says whether a cost can be paid. One above all that can be saved up is paid
// from a full bucket and leaves a debt.
func (b *bucket) covers(cost float64) bool { return b.left >= min(cost, b.rate.Burst) }

// budget is what one edge may spend.
type budget struct{ count, bytes, checks bucket }

func newBudget(cfg Config, now time.Time) budget {
	return budget{newBucket(cfg.Count, now), newBucket(cfg.Bytes, now), newBucket(cfg.Checks, now)}
}

// spend takes the cost of looking at a transaction, or nothing if it is not covered.
func (b *budget) spend(now time.Time, bytes, checks int) bool {
	costs := []struct {
		b    *bucket
		cost float64
	}{{&b.count, 1}, {&b.bytes, float64(bytes)}, {&b.checks, float64(checks)}}
	for _, c := range costs {
		if c.b.fill(now); !c.b.covers(c.cost) {
			return false
		}
	}
	for _, c := range costs {
		c.b.left -= c.cost
	}
	return true
}

// owe takes signatures that were checked once more than was paid for.
func (b *budget) owe(checks int) { b.checks.left -= float64(checks) }

// used is when the edge was last charged, or tried.
func (b *budget) used() time.Time { return b.count.at }

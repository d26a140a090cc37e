package stempool

import "time"

// bucket is a token bucket.
type bucket struct {
	rate Rate
	left float64
	at   time.Time
}

func newBucket(r Rate, now time.Time) bucket { return bucket{r, r.Burst, now} }

// fill adds what has come since the last time.
func (b *bucket) fill(now time.Time) {
	if now.After(b.at) {
		b.left = min(b.rate.Burst, b.left+b.rate.PerSecond*now.Sub(b.at).Seconds())
		b.at = now
	}
}

// budget is what one edge may spend.
type budget struct{ count, bytes, checks bucket }

func newBudget(cfg Config, now time.Time) budget {
	return budget{newBucket(cfg.Count, now), newBucket(cfg.Bytes, now), newBucket(cfg.Checks, now)}
}

// spend takes the cost of a transaction from an edge's budget and from that of all
// edges, or from none if one is too small.
func (b *budget) spend(now time.Time, all *bucket, bytes, checks int) bool {
	costs := []struct {
		b    *bucket
		cost float64
	}{{&b.count, 1}, {&b.bytes, float64(bytes)}, {&b.checks, float64(checks)}, {all, float64(checks)}}
	for _, c := range costs {
		if c.b.fill(now); c.b.left < c.cost {
			return false
		}
	}
	for _, c := range costs {
		c.b.left -= c.cost
	}
	return true
}

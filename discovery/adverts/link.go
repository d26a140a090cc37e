package adverts

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// link is a peer that is linked.
type link struct {
	peer     peer.ID
	outbound bool
	takes    bool // it is told of others
	budget   budget
	count    Count
	knows    memory // what it has told, or was told
	queue    []Advert
	flushAt  time.Time // when the queue goes out; zero = it is empty
	ownAt    time.Time // when the node tells of itself; zero = never
}

// Count is what became of a peer's adverts.
type Count struct {
	Looked  uint64 // looked at
	Limited uint64 // left, because the peer had told more than its budget allows
	Takes   bool   // the peer is told of others
}

func newLink(cfg Config, now time.Time, p peer.ID, outbound bool) *link {
	return &link{
		peer: p, outbound: outbound, takes: outbound,
		budget: budget{rate: cfg.Rate, most: float64(cfg.Burst), left: 1, at: now}, // one: its own
		knows:  newMemory(cfg.KnownBy, cfg.Again, now),
	}
}

// budget is how many adverts of a peer are looked at.
type budget struct {
	rate, most float64
	left       float64
	at         time.Time
}

// take takes up to n and returns how many there were.
func (b *budget) take(now time.Time, n int) int {
	if since := now.Sub(b.at); since > 0 {
		b.left = min(b.left+since.Seconds()*b.rate, b.most)
	}
	b.at = now
	got := min(n, int(b.left))
	b.left -= float64(got)
	return got
}

package node

import (
	"context"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"

	"github.com/pappus-network/pappus/protocols/workers"
)

const (
	// pingEvery is how often a peer is pinged, 0.5 ms of CPU each time: its least round
	// trip is what keeps a near peer when inbound links make way. Source: Bitcoin Core's
	// PING_INTERVAL.
	pingEvery = 2 * time.Minute
	// pingTimeout is when a ping counts as lost. Source: libp2p's own for its server.
	pingTimeout = time.Minute
)

// pings measures the round trips to peers, a goroutine each. It is safe for concurrent
// use.
type pings struct {
	host    host.Host
	workers *workers.Set

	mu sync.Mutex
	by map[peer.ID]*pulse
}

// pulse is what pings have told of one peer.
type pulse struct {
	last, least time.Duration // 0 = no answer yet
	asked       time.Time     // when the ping under way was sent; zero: none is
	now         chan struct{} // do not wait for the next one
}

func newPings(h host.Host) *pings {
	return &pings{host: h, workers: workers.New(), by: make(map[peer.ID]*pulse)}
}

// Join implements follower.
func (s *pings) Join(p linked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := &pulse{now: make(chan struct{}, 1)}
	s.by[p.id] = u
	s.workers.Start(p.id, func(ctx context.Context) { s.follow(ctx, p.id, u) })
}

// Leave implements follower.
func (s *pings) Leave(p peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, p)
	s.workers.Stop(p)
}

// of returns what is known of a peer: its last and least round trips, and how long a
// ping has been waiting for its answer.
func (s *pings) of(p peer.ID, now time.Time) (last, least, waiting time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.by[p]
	if u == nil {
		return 0, 0, 0
	}
	if !u.asked.IsZero() {
		waiting = now.Sub(u.asked)
	}
	return u.last, u.least, waiting
}

// Run pings until ctx ends, and returns when no ping is under way.
func (s *pings) Run(ctx context.Context) error { return s.workers.Run(ctx) }

// follow pings one peer at once and then again and again.
func (s *pings) follow(ctx context.Context, p peer.ID, u *pulse) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		s.measure(ctx, p, u)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-u.now:
		}
	}
}

// all pings every peer now. It does not wait.
func (s *pings) all() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.by {
		select {
		case u.now <- struct{}{}:
		default:
		}
	}
}

func (s *pings) measure(ctx context.Context, p peer.ID, u *pulse) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	s.mu.Lock()
	u.asked = time.Now()
	s.mu.Unlock()
	answer := <-ping.Ping(ctx, s.host, p) // closed when ctx ends
	s.mu.Lock()
	defer s.mu.Unlock()
	u.asked = time.Time{}
	if answer.Error != nil || answer.RTT <= 0 {
		return
	}
	u.last = answer.RTT
	if u.least == 0 || answer.RTT < u.least {
		u.least = answer.RTT
	}
}

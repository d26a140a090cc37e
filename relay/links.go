package relay

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Link is what the relay must know of a peer.
type Link struct {
	Inbound bool   // the peer dialled us
	Full    bool   // it says that it is a full node
	Group   string // its netgroup: IPv4 /16 or IPv6 /32
}

// links are the peers that transactions come from and go to. It is safe for concurrent
// use.
type links struct {
	mu      sync.Mutex
	up      map[peer.ID]Link
	brought map[peer.ID]time.Time // when one of them last brought a transaction that was new
}

func newLinks() *links {
	return &links{up: make(map[peer.ID]Link), brought: make(map[peer.ID]time.Time)}
}

func (s *links) join(p peer.ID, l Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up[p] = l
}

func (s *links) leave(p peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.up, p)
	delete(s.brought, p)
}

// group returns the netgroup of a peer, "" if it is not linked.
func (s *links) group(p peer.ID) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up[p].Group
}

// credit notes that a peer has brought a transaction that was new, if it is linked.
func (s *links) credit(now time.Time, p peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, up := s.up[p]; up {
		s.brought[p] = now
	}
}

// lastTx returns when a peer last brought a transaction that was new; zero: never.
func (s *links) lastTx(p peer.ID) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.brought[p]
}

// draw returns one of the peers, each as likely, and false if there is none.
func (s *links) draw(rng *rand.Rand) (peer.ID, bool) {
	s.mu.Lock()
	peers := slices.Sorted(maps.Keys(s.up))
	s.mu.Unlock()
	if len(peers) == 0 {
		return "", false
	}
	return peers[rng.IntN(len(peers))], true
}

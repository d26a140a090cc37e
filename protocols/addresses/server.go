package addresses

import (
	"context"
	"sync"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/pappus-network/pappus/protocols/addrlist"
	"github.com/pappus-network/pappus/protocols/exchange"
)

// Source is what the server reads from.
type Source interface {
	// Share returns what to tell of the peers that are known, the same for a day.
	Share() []addrlist.Entry
}

// Server answers getaddr. It is safe for concurrent use.
type Server struct {
	src Source

	mu       sync.Mutex
	answered map[network.Conn]struct{}
}

// NewServer returns a server that reads from src.
func NewServer(src Source) *Server {
	return &Server{src: src, answered: make(map[network.Conn]struct{})}
}

// Handle is an [exchange.Handler]. Who has had an answer, or has not dialled, gets an
// empty one: 25 bytes, and no reason to come again.
func (s *Server) Handle(_ context.Context, _ peer.ID, _ exchange.Message, answer *exchange.Answer) error {
	var entries []addrlist.Entry
	if s.first(answer.Conn()) {
		entries = s.src.Share()
		entries = entries[:min(len(entries), MaxEntries)]
	}
	payload, err := addrlist.Encode(entries, MaxPayload)
	if err != nil {
		return err
	}
	return answer.Send(addr, payload)
}

// first says whether a connection may have its answer, and notes that it has.
func (s *Server) first(c network.Conn) bool {
	if c.Stat().Direction != network.DirInbound {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, again := s.answered[c]
	if !again && !c.IsClosed() {
		s.answered[c] = struct{}{}
	}
	return !again
}

// Forget must be called when a connection has ended.
func (s *Server) Forget(c network.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.answered, c)
}

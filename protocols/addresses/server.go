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
	// Share returns what to tell of the peers that are known, and the number of the
	// draw, above 0. It should be the same for a day.
	Share() (entries []addrlist.Entry, draw uint64)
}

// Server answers getaddr. It is safe for concurrent use.
type Server struct {
	src Source

	mu       sync.Mutex
	answered map[network.Conn]uint64 // the last draw that it was told, if there was anybody in it
}

// NewServer returns a server that reads from src.
func NewServer(src Source) *Server {
	return &Server{src: src, answered: make(map[network.Conn]uint64)}
}

// Handle is an [exchange.Handler]. Who has had this answer, or has not dialled, gets an
// empty one: 25 bytes, and no reason to come again.
func (s *Server) Handle(_ context.Context, _ peer.ID, _ exchange.Message, answer *exchange.Answer) error {
	entries, draw := s.src.Share()
	if len(entries) > 0 && !s.first(answer.Conn(), draw) {
		entries = nil
	}
	payload, err := addrlist.Encode(entries[:min(len(entries), MaxEntries)], MaxPayload)
	if err != nil {
		return err
	}
	return answer.Send(addr, payload)
}

// first says whether a connection may have an answer, and notes that it has.
func (s *Server) first(c network.Conn, draw uint64) bool {
	if c.Stat().Direction != network.DirInbound {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	again := s.answered[c] == draw
	if !again && !c.IsClosed() {
		s.answered[c] = draw
	}
	return !again
}

// Told says whether a connection has had an answer with anybody in it.
func (s *Server) Told(c network.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answered[c] != 0
}

// Forget must be called when a connection has ended.
func (s *Server) Forget(c network.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.answered, c)
}

package node

import (
	"sync"

	"github.com/pappus-network/pappus/events"
)

// subscriberBuffer is how many events a reader may lie behind before the next
// one is dropped for it. 1,024 events of ≤ 200 bytes ≈ 200 KB a reader; a
// header batch and a block window each fit several times.
const subscriberBuffer = 1024

// Bus hands each event to every reader. Emitting never blocks: a reader that
// is too slow loses events and is told how many.
type Bus struct {
	mu      sync.RWMutex
	readers map[*Subscription]struct{}
}

// Subscription is one reader's end of the bus.
type Subscription struct {
	C <-chan events.Event

	bus     *Bus
	c       chan events.Event
	mu      sync.Mutex
	dropped uint64
}

// NewBus returns a bus without readers.
func NewBus() *Bus { return &Bus{readers: make(map[*Subscription]struct{})} }

// Emit gives the event to every reader that has room.
func (b *Bus) Emit(e events.Event) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for s := range b.readers {
		select {
		case s.c <- e:
		default:
			s.mu.Lock()
			s.dropped++
			s.mu.Unlock()
		}
	}
}

// Subscribe adds a reader. It must be closed.
func (b *Bus) Subscribe() *Subscription {
	c := make(chan events.Event, subscriberBuffer)
	s := &Subscription{C: c, bus: b, c: c}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readers[s] = struct{}{}
	return s
}

// Dropped returns how many events the reader was too slow for.
func (s *Subscription) Dropped() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// Close removes the reader from the bus. Its channel is not closed.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	delete(s.bus.readers, s)
}

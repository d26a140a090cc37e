package workers

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"
)

// ErrStopped is the cause ([context.Cause]) with which the context of a worker ends that
// [Set.Stop] has ended, and not the end of the whole set.
var ErrStopped = errors.New("the peer's worker is not wanted any more")

// Set is a goroutine for each of some peers. It is safe for concurrent use.
type Set struct {
	wake chan struct{} // waiting has grown

	mu      sync.Mutex
	by      map[peer.ID]*worker
	waiting []*worker // for Run to start them, in the order of their Start
}

// worker is what one peer's goroutine does, and how it is ended.
type worker struct {
	work func(context.Context)
	stop context.CancelCauseFunc // nil until Run has started it
}

// New returns a set without workers. None works before Run.
func New() *Set {
	return &Set{wake: make(chan struct{}, 1), by: make(map[peer.ID]*worker)}
}

// Start gives a peer a worker, which calls work once, as soon as Run runs, with a context
// that ends when the worker is to. If the peer has one, that one is stopped; it may not
// have ended when the new one begins.
func (s *Set) Start(p peer.ID, work func(ctx context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(p)
	w := &worker{work: work}
	s.by[p] = w
	s.waiting = append(s.waiting, w)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Stop ends a peer's worker, if it has one, and does not wait for it. One that Run has
// not started never works.
func (s *Set) Stop(p peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(p)
}

func (s *Set) end(p peer.ID) {
	w, ok := s.by[p]
	if !ok {
		return
	}
	delete(s.by, p)
	if w.stop != nil {
		w.stop(ErrStopped)
		return
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(other *worker) bool { return other == w })
}

// Run lets the workers work until ctx ends, and returns nil when all have ended. It is
// called once.
func (s *Set) Run(ctx context.Context) error {
	var working sync.WaitGroup
	defer working.Wait()
	for {
		s.begin(ctx, &working)
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		}
	}
}

// begin starts those that wait. Each goroutine ends when its work does, which its context
// tells to.
func (s *Set) begin(ctx context.Context, working *sync.WaitGroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.waiting {
		own, stop := context.WithCancelCause(ctx)
		w.stop = stop
		working.Go(func() {
			defer stop(nil) // it may end by itself
			w.work(own)
		})
	}
	s.waiting = nil
}

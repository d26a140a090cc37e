package dashboard

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// remembered is how many events a reader may lie behind, or come back after, and miss
// none: at ~300 bytes each 1.2 MB, a minute of a devnet of a hundred nodes with a
// transaction every three seconds, and days of a node in step.
const remembered = 4096

// Feed is a stream of events for any number of readers. Each event is encoded once. A
// feed keeps the last ones in a ring; readers take from it at their own pace, and publishing
// waits for none. It is safe for concurrent use.
type Feed struct {
	mu    sync.Mutex
	ring  [remembered]event
	first uint64        // number of the first event of all
	next  uint64        // number of the next event
	wake  chan struct{} // closed with the next event; nil = nobody waits
	seats chan struct{}
}

// event is one in the form in which it is sent.
type event struct {
	kind  string
	frame []byte
}

// NewFeed returns an empty feed. Events are numbered from start's microseconds on: the
// numbers of an earlier process are lower, and whoever comes back with one of those is
// told that events are missing.
func NewFeed(start time.Time) *Feed {
	n := uint64(max(start.UnixMicro(), 1))
	return &Feed{first: n, next: n, seats: make(chan struct{}, maxReaders)}
}

// Publish adds an event. Data is one of this package's, or what becomes a JSON object.
func (f *Feed) Publish(kind string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		return // a value that JSON has no form for: none of ours
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	frame := fmt.Appendf(make([]byte, 0, len(text)+64), "id: %d\nevent: %s\ndata: %s\n\n", f.next, kind, text)
	f.ring[f.next%remembered] = event{kind, frame}
	f.next++
	if f.wake != nil {
		close(f.wake)
		f.wake = nil
	}
}

// end returns the number of the next event.
func (f *Feed) end() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next
}

// batch is what a reader takes at once.
type batch struct {
	frames []byte
	next   uint64          // where to go on
	missed uint64          // events that are gone already
	wake   <-chan struct{} // closed when there is more; nil = there is now
}

// take returns events from a number on that want says yes to, about most bytes of them.
// A number that has not been given yet is a stranger's: all that is kept may be new to him.
func (f *Feed) take(from uint64, want func(kind string) bool, most int) batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	oldest := max(f.first, f.next-min(f.next, remembered))
	b := batch{next: from}
	switch {
	case from > f.next:
		b.next, b.missed = oldest, 1 // how many nobody knows
	case from < oldest:
		b.next, b.missed = oldest, oldest-from
		if from < f.first {
			b.missed = max(oldest-f.first, 1) // another process's events are not counted
		}
	}
	for ; b.next < f.next && len(b.frames) < most; b.next++ {
		if e := f.ring[b.next%remembered]; want(e.kind) {
			b.frames = append(b.frames, e.frame...)
		}
	}
	if b.next == f.next {
		if f.wake == nil {
			f.wake = make(chan struct{})
		}
		b.wake = f.wake
	}
	return b
}

package pipenet

import (
	"sync"
	"time"
)

// kind is what a parcel does where it arrives.
type kind byte

const (
	opened kind = iota // a stream
	bytes              // of a stream
	ended              // no more bytes
	reset              // a stream
	closed             // the connection
)

// parcel is what travels over a line.
type parcel struct {
	kind kind
	code uint32  // of a reset
	to   *stream // nil for closed
	data []byte
	due  time.Time
}

// line carries what one end of a connection sends, in order.
type line struct {
	delay time.Duration
	to    *conn

	mu    sync.Mutex
	queue []parcel // under way, by when they are due
	held  []parcel // sent while the hosts were apart
	apart bool
	moves bool // a timer runs, or what was due is being delivered
}

func (l *line) send(p parcel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.apart {
		l.held = append(l.held, p)
		return
	}
	l.post(p)
}

// post gives a parcel on its way; mu is held.
func (l *line) post(p parcel) {
	p.due = time.Now().Add(l.delay)
	l.queue = append(l.queue, p)
	if !l.moves {
		l.moves = true
		time.AfterFunc(l.delay, l.deliver)
	}
}

// hold stops the line, or lets what has waited go.
func (l *line) hold(apart bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apart = apart
	if apart {
		return
	}
	for _, p := range l.held {
		l.post(p)
	}
	l.held = nil
}

// deliver hands over what is due and comes back for the rest.
func (l *line) deliver() {
	l.mu.Lock()
	for len(l.queue) > 0 && !l.queue[0].due.After(time.Now()) {
		p := l.queue[0]
		l.queue[0] = parcel{}
		l.queue = l.queue[1:]
		l.mu.Unlock()
		l.to.receive(p)
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		l.queue, l.moves = nil, false
		return
	}
	time.AfterFunc(time.Until(l.queue[0].due), l.deliver)
}

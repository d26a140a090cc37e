package link

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// maxQueue is how many packets may be under way on a link before the next is dropped.
// Source: netem's default limit. It costs 1.5 MB a link at most.
const maxQueue = 1000

// Shape is what a link is like.
type Shape struct {
	Latency   time.Duration
	Jitter    time.Duration // largest deviation from Latency, uniform; at most Latency
	Loss      float64       // share of the packets, 0..1
	Bandwidth uint64        // bytes per second; 0 = unlimited
}

// ErrShape says that a link cannot be so.
var ErrShape = errors.New("no link can be so")

// Validate checks that a link can be so.
func (s Shape) Validate() error {
	switch {
	case s.Latency < 0 || s.Jitter < 0 || s.Jitter > s.Latency:
		return fmt.Errorf("%w: latency %v ± %v: a packet would arrive before it was sent", ErrShape, s.Latency, s.Jitter)
	case !(s.Loss >= 0 && s.Loss <= 1):
		return fmt.Errorf("%w: a loss of %v is no share", ErrShape, s.Loss)
	}
	return nil
}

// Link is one direction of a link. It is not safe for concurrent use.
type Link struct {
	shape Shape
	src   *rand.Rand

	idle time.Time   // when the last byte so far has left
	last time.Time   // when the last packet so far arrives
	due  []time.Time // of packets under way, ascending
}

// New returns a link of no delay and no limit.
func New(src rand.Source) *Link { return &Link{src: rand.New(src)} }

// Shape changes what the link is like for packets that are yet to come.
func (l *Link) Shape(s Shape) error {
	if err := s.Validate(); err != nil {
		return err
	}
	l.shape = s
	return nil
}

// Send puts a packet of size bytes on the link and returns when it arrives, never before
// one that was sent earlier. ok is false if it is lost.
func (l *Link) Send(now time.Time, size int) (due time.Time, ok bool) {
	arrived := 0
	for arrived < len(l.due) && !l.due[arrived].After(now) {
		arrived++
	}
	l.due = l.due[arrived:]
	if l.shape.Loss > 0 && l.src.Float64() < l.shape.Loss {
		return time.Time{}, false
	}
	if len(l.due) >= maxQueue {
		return time.Time{}, false
	}
	due = now
	if l.shape.Bandwidth > 0 {
		if l.idle.After(due) {
			due = l.idle
		}
		due = due.Add(time.Duration(float64(size) / float64(l.shape.Bandwidth) * float64(time.Second)))
		l.idle = due
	}
	due = due.Add(l.shape.Latency)
	if j := int64(l.shape.Jitter); j > 0 {
		due = due.Add(time.Duration(l.src.Int64N(2*j+1) - j))
	}
	if due.Before(l.last) {
		due = l.last
	}
	l.last = due
	l.due = append(l.due, due)
	return due, true
}

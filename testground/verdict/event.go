package verdict

import (
	"encoding/json"
	"errors"
)

// Kind is what an event tells.
type Kind int

// The kinds that a verdict depends on, and the one that people read.
const (
	Other   Kind = iota // a start, a stage, or a kind that a later SDK brings
	Message             // text for people
	Success
	Failure
	Crash
)

// Event is one line that an instance wrote.
type Event struct {
	Time int64 // nanoseconds since 1970
	Kind Kind
	Text string // of a message, a failure or a crash
}

// ErrNoEvent says that a line is no event: plans also print plain text.
var ErrNoEvent = errors.New("line is not an event")

// line is how sdk-go writes an event. Source: sdk-go runtime/runenv_events.go.
type line struct {
	Time  int64 `json:"ts"`
	Event *struct {
		Message *struct {
			Message string `json:"message"`
		} `json:"message_event"`
		Success *struct{} `json:"success_event"`
		Failure *failure  `json:"failure_event"`
		Crash   *failure  `json:"crash_event"`
	} `json:"event"`
}

type failure struct {
	Error string `json:"error"`
}

// Parse reads one line. What is not an event gives [ErrNoEvent]. Of several events
// in one line the worst counts.
func Parse(text []byte) (Event, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil || l.Event == nil {
		return Event{}, ErrNoEvent
	}
	switch e := l.Event; {
	case e.Crash != nil:
		return Event{l.Time, Crash, e.Crash.Error}, nil
	case e.Failure != nil:
		return Event{l.Time, Failure, e.Failure.Error}, nil
	case e.Success != nil:
		return Event{l.Time, Success, ""}, nil
	case e.Message != nil:
		return Event{l.Time, Message, e.Message.Message}, nil
	}
	return Event{Time: l.Time}, nil
}

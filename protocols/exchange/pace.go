package exchange

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/pappus-network/pappus/events"
	"github.com/pappus-network/pappus/protocols/envelope"
)

// pace is the clock of one message.
type pace struct {
	grace time.Duration
	floor int
	begun time.Time
	until time.Time // however fast it is; zero = no such bound
	n     int       // bytes so far
}

// due returns when the message must have got further than it has.
func (p *pace) due() time.Time {
	due := p.begun.Add(p.grace)
	if p.floor > 0 {
		due = due.Add(time.Duration(float64(p.n) / float64(p.floor) * float64(time.Second)))
	}
	if !p.until.IsZero() && p.until.Before(due) {
		return p.until
	}
	return due
}

// reader reads one message after the other from a stream and holds each to the
// pace. One goroutine may use it.
type reader struct {
	stream network.Stream
	spec   Spec
	buf    *bufio.Reader
	pace   pace
	late   events.Reason // what a deadline means at the moment
}

func newReader(s network.Stream, spec Spec, buffer int) *reader {
	r := &reader{stream: s, spec: spec}
	r.buf = bufio.NewReaderSize((*source)(r), buffer)
	return r
}

// source is the stream under the deadline of the moment.
type source reader

// Read implements io.Reader.
func (r *source) Read(p []byte) (int, error) {
	// Every time, and never one that has passed already: yamux loses a window
	// update, and so its peer's credit, that it sends under a deadline that is over.
	due := r.pace.due()
	if err := r.stream.SetReadDeadline(due); err != nil {
		return 0, &streamError{events.Disconnected, err}
	}
	n, err := r.stream.Read(p)
	r.pace.n += n
	switch {
	case err == nil || n > 0: // an error that comes with bytes comes again without
		return n, nil
	case errors.Is(err, io.EOF):
		return 0, io.EOF
	case expired(err, due):
		return 0, &streamError{r.late, err}
	}
	return 0, &streamError{lost(err), err}
}

// await returns once the first byte of the next message is there, or an error
// after so long. A clean end of the stream is io.EOF.
func (r *reader) await(patience time.Duration) error {
	r.late, r.pace = events.NoAnswer, pace{begun: time.Now(), grace: patience}
	_, err := r.buf.Peek(1)
	return err
}

// message reads the message whose first byte is there, by until at the latest.
func (r *reader) message(limits envelope.Limits, until time.Time) (Message, error) {
	r.late, r.pace = events.TooSlow, pace{
		begun: time.Now(), grace: r.spec.Grace, floor: r.spec.Floor, until: until, n: r.buf.Buffered(),
	}
	cmd, payload, err := envelope.Read(r.buf, r.spec.Net, limits)
	return Message{Command: cmd, Payload: payload}, err
}

// writer writes to a stream and holds the other side to the same pace in taking
// it: a peer that never reads is let go of. One goroutine may use it.
type writer struct {
	stream network.Stream
	spec   Spec
	pace   pace
	total  int // bytes of the current answer
}

// begin starts the clock of a message.
func (w *writer) begin() {
	w.pace = pace{begun: time.Now(), grace: w.spec.Grace, floor: w.spec.Floor}
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	for done := 0; ; {
		due := w.pace.due()
		if err := w.stream.SetWriteDeadline(due); err != nil {
			return done, &streamError{events.Disconnected, err}
		}
		n, err := w.stream.Write(p[done:])
		done += n
		w.pace.n += n
		w.total += n
		switch {
		case err == nil:
			return done, nil
		case !expired(err, due):
			return done, &streamError{lost(err), err}
		case n == 0:
			return done, &streamError{events.TooSlow, err}
		}
		// The deadline was that of the bytes before these; they earn another.
	}
}

// expired tells a deadline of ours from a connection that died of its own
// time-out.
func expired(err error, due time.Time) bool { return isTimeout(err) && !time.Now().Before(due) }

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout())
}

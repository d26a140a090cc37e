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

// paceChunk is how much is written under one deadline: small enough that a
// reader at the floor of 16 KiB/s is not cut off within it.
const paceChunk = 64 << 10

// pacedReader reads one message after the other from a stream and holds each to
// the spec's pace: after n bytes, Grace + n/Floor may have passed.
type pacedReader struct {
	stream network.Stream
	spec   Spec
	buf    *bufio.Reader

	begun  time.Time // of the current message
	cutoff time.Time // zero = the pace alone
	n      int64     // bytes read of it, or ahead
}

func newPacedReader(s network.Stream, spec Spec, buffer int) *pacedReader {
	r := &pacedReader{stream: s, spec: spec}
	r.buf = bufio.NewReaderSize(rawReader{r}, buffer)
	return r
}

// rawReader is the stream under the deadline of the moment.
type rawReader struct{ *pacedReader }

// Read implements io.Reader.
func (r rawReader) Read(p []byte) (int, error) {
	if !r.begun.IsZero() {
		due := r.begun.Add(r.spec.Grace + time.Duration(float64(r.n)/float64(r.spec.Floor)*float64(time.Second)))
		if !r.cutoff.IsZero() && r.cutoff.Before(due) {
			due = r.cutoff
		}
		if err := r.stream.SetReadDeadline(due); err != nil {
			return 0, err
		}
	}
	n, err := r.stream.Read(p)
	r.n += int64(n)
	return n, err
}

// await returns when the first byte of the next message is there, or an error
// after so long. A clean end of the stream is io.EOF.
func (r *pacedReader) await(patience time.Duration) error {
	if r.buf.Buffered() > 0 {
		return nil
	}
	r.begun = time.Time{}
	if err := r.stream.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := r.buf.Peek(1)
	return err
}

// message reads the message whose first byte is there.
func (r *pacedReader) message(limits envelope.Limits) (Message, error) {
	r.begun, r.n, r.cutoff = time.Now(), 0, time.Time{}
	if r.spec.Whole > 0 {
		r.cutoff = r.begun.Add(r.spec.Whole)
	}
	cmd, payload, err := envelope.Read(r.buf, r.spec.Net, limits)
	if err != nil {
		if isTimeout(err) {
			err = &envelope.Error{Reason: events.TooSlow, Err: err}
		}
		if errors.Is(err, io.EOF) {
			err = &envelope.Error{Reason: events.Truncated, Err: err}
		}
		return Message{}, err
	}
	return Message{Command: cmd, Payload: payload}, nil
}

// pacedWriter writes to a stream and holds the other side to the same pace in
// taking it: a peer that never reads is let go of.
type pacedWriter struct {
	stream network.Stream
	spec   Spec
	begun  time.Time // of the current answer or request
	n      int64
	total  int64
}

// begin starts the clock of a message.
func (w *pacedWriter) begin() { w.begun, w.n = time.Now(), 0 }

// Write implements io.Writer.
func (w *pacedWriter) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		part := p[done:min(len(p), done+paceChunk)]
		due := w.begun.Add(w.spec.Grace + time.Duration(float64(w.n)/float64(w.spec.Floor)*float64(time.Second)))
		if err := w.stream.SetWriteDeadline(due); err != nil {
			return done, err
		}
		n, err := w.stream.Write(part)
		done += n
		w.n += int64(n)
		w.total += int64(n)
		if err != nil {
			if isTimeout(err) {
				err = &envelope.Error{Reason: events.TooSlow, Err: err}
			}
			return done, err
		}
	}
	return done, nil
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout())
}

package pipenet

import (
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

// window is how many bytes a writer may be ahead of the reader. Source: yamux's first
// window, 256 KiB; the real one grows to 16 MiB where the line is long.
const window = 256 << 10

// stream is one end of a stream. It implements network.MuxedStream.
type stream struct {
	conn *conn
	far  *stream

	mu       sync.Mutex
	wake     sync.Cond
	in       []byte // arrived and not read
	room     int    // bytes that may be written before the other end reads
	finished bool   // the other end writes no more
	deaf     bool   // this end reads no more
	mute     bool   // this end writes no more
	err      error  // reset, or the connection is over
	reads    deadline
	writes   deadline
}

func newStream(c *conn) *stream {
	s := &stream{conn: c, room: window}
	s.wake.L = &s.mu
	return s
}

// deadline is when waiting ends.
type deadline struct {
	at    time.Time // zero = never
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// Read implements io.Reader.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.read(b)
	if n > 0 {
		s.far.credit(n)
	}
	return n, err
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.err != nil:
			return 0, s.err
		case s.deaf:
			return 0, os.ErrClosed
		case s.reads.passed():
			return 0, os.ErrDeadlineExceeded
		case len(s.in) > 0:
			n := copy(b, s.in)
			if s.in = s.in[n:]; len(s.in) == 0 {
				s.in = nil
			}
			return n, nil
		case s.finished:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		s.wake.Wait()
	}
}

// Write implements io.Writer.
func (s *stream) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := s.reserve(len(b) - done)
		if err != nil {
			return done, err
		}
		s.conn.local.net.sent.Add(int64(n))
		s.conn.out.send(parcel{kind: bytes, to: s.far, data: slices.Clone(b[done : done+n])})
		done += n
	}
	return done, nil
}

// reserve waits for room and takes up to n bytes of it.
func (s *stream) reserve(n int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.err != nil:
			return 0, s.err
		case s.mute:
			return 0, os.ErrClosed
		case s.writes.passed():
			return 0, os.ErrDeadlineExceeded
		case s.room > 0:
			n = min(n, s.room)
			s.room -= n
			return n, nil
		}
		s.wake.Wait()
	}
}

// credit is called when the other end has read.
func (s *stream) credit(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.room == 0 {
		s.wake.Broadcast()
	}
	s.room += n
}

// take is called when bytes have arrived, which are the stream's from then on.
func (s *stream) take(data []byte) {
	s.mu.Lock()
	lost := s.deaf || s.err != nil
	if !lost {
		if s.in == nil {
			s.in = data
		} else {
			s.in = append(s.in, data...)
		}
		s.wake.Broadcast()
	}
	s.mu.Unlock()
	if lost {
		s.far.credit(len(data))
	}
}

// finish is called when the other end writes no more.
func (s *stream) finish() {
	s.mu.Lock()
	s.finished = true
	s.wake.Broadcast()
	over := s.mute
	s.mu.Unlock()
	if over {
		s.conn.forget(s)
	}
}

// fail ends this end; false if it was over.
func (s *stream) fail(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false
	}
	s.err, s.in = err, nil
	s.reads.stop()
	s.writes.stop()
	s.wake.Broadcast()
	return true
}

// Close implements io.Closer.
func (s *stream) Close() error {
	if err := s.CloseRead(); err != nil {
		return err
	}
	return s.CloseWrite()
}

// CloseRead implements network.MuxedStream.
func (s *stream) CloseRead() error {
	s.mu.Lock()
	unread := len(s.in)
	s.deaf, s.in = true, nil
	s.reads.stop()
	s.wake.Broadcast()
	s.mu.Unlock()
	s.far.credit(unread)
	return nil
}

// CloseWrite implements network.MuxedStream.
func (s *stream) CloseWrite() error {
	s.mu.Lock()
	again, over := s.mute || s.err != nil, s.finished || s.deaf
	s.mute = true
	s.writes.stop()
	s.wake.Broadcast()
	s.mu.Unlock()
	if !again {
		s.conn.out.send(parcel{kind: ended, to: s.far})
	}
	if over {
		s.conn.forget(s)
	}
	return nil
}

// Reset implements network.MuxedStream.
func (s *stream) Reset() error { return s.ResetWithError(0) }

// ResetWithError implements network.MuxedStream.
func (s *stream) ResetWithError(code network.StreamErrorCode) error {
	if s.fail(&network.StreamError{ErrorCode: code}) {
		s.conn.out.send(parcel{kind: reset, to: s.far, code: uint32(code)})
		s.conn.forget(s)
	}
	return nil
}

// SetDeadline implements network.MuxedStream.
func (s *stream) SetDeadline(t time.Time) error {
	s.set(&s.reads, t)
	s.set(&s.writes, t)
	return nil
}

// SetReadDeadline implements network.MuxedStream.
func (s *stream) SetReadDeadline(t time.Time) error {
	s.set(&s.reads, t)
	return nil
}

// SetWriteDeadline implements network.MuxedStream.
func (s *stream) SetWriteDeadline(t time.Time) error {
	s.set(&s.writes, t)
	return nil
}

func (s *stream) set(d *deadline, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stop()
	d.at = t
	if s.err == nil && !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), func() {
			s.mu.Lock() // whoever looked before the deadline is waiting by now
			defer s.mu.Unlock()
			s.wake.Broadcast()
		})
	}
	s.wake.Broadcast()
}

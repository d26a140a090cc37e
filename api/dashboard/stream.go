package dashboard

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// maxReaders of events at once: a quarter of the API's 256 connections, at ~40 KB of
	// goroutine and buffers each 2.5 MB.
	maxReaders = 64
	// pause is the least time between two writes to a reader: what happens meanwhile goes
	// out together. Ten pictures a second is what an eye follows; ten writes a second to
	// 64 readers take ~1 % of a core.
	pause = 100 * time.Millisecond
	// chunk is how much is written to a reader at once, about.
	chunk = 256 << 10
	// patience is how long a reader may take for a chunk before it is let go: 26 KB/s.
	patience = 10 * time.Second
	// beat is how often a silent stream shows that it lives; proxies cut after a minute.
	beat = 15 * time.Second
	// retry is what a browser is told to wait before it comes back.
	retry = 2 * time.Second
)

// ServeHTTP streams events until the reader leaves, is too slow, or the server stops.
func (f *Feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	want, err := kinds(r.URL.Query().Get("kinds"))
	if err != nil {
		Refuse(w, err)
		return
	}
	from := f.end()
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		n, err := strconv.ParseUint(last, 10, 64)
		if err != nil {
			Refuse(w, BadRequest("Last-Event-ID %.40q is not a number: send the id of the last event that came, or none", last))
			return
		}
		from = n + 1
	}
	select {
	case f.seats <- struct{}{}:
		defer func() { <-f.seats }()
	default:
		Refuse(w, &RefusalError{http.StatusServiceUnavailable, "busy", fmt.Sprintf("%d readers follow the events already: close one", maxReaders)})
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	out := &stream{Writer: w, control: http.NewResponseController(w)}
	_ = out.control.SetReadDeadline(time.Time{}) // the request has been read; an error means a test's connection
	// The position first: a reader to whom nothing happens can resume all the same.
	if !out.send(fmt.Appendf(nil, "id: %d\nretry: %d\n\n", from-1, retry.Milliseconds())) {
		return
	}
	f.follow(r.Context(), out, from, want)
}

// follow sends from a number on until ctx ends or a write fails.
func (f *Feed) follow(ctx context.Context, out *stream, from uint64, want func(string) bool) {
	for ctx.Err() == nil {
		b := f.take(from, want, chunk)
		from = b.next
		if b.missed > 0 {
			lead := fmt.Appendf(nil, "event: gap\ndata: {\"at_ms\":%d,\"missed\":%d}\n\n", time.Now().UnixMilli(), b.missed)
			b.frames = append(lead, b.frames...)
		}
		if len(b.frames) > 0 && !out.send(b.frames) {
			return
		}
		if !wait(ctx, pause) {
			return
		}
		for alive := b.wake; alive != nil; {
			silence := time.NewTimer(beat)
			select {
			case <-ctx.Done():
				silence.Stop()
				return
			case <-alive:
				silence.Stop()
				alive = nil
			case <-silence.C:
				if !out.send([]byte(":\n\n")) {
					return
				}
			}
		}
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// stream is a reader's connection.
type stream struct {
	io.Writer
	control *http.ResponseController
}

// send says whether the reader has taken it.
func (s *stream) send(frames []byte) bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(patience)) // an error means a test's connection
	if _, err := s.Write(frames); err != nil {
		return false
	}
	return s.control.Flush() == nil
}

// kinds reads the filter; an empty one lets everything through.
func kinds(list string) (func(string) bool, error) {
	if list == "" {
		return func(string) bool { return true }, nil
	}
	named := strings.Split(list, ",")
	for _, k := range named {
		if !slices.Contains(Kinds(), k) {
			return nil, BadRequest("kinds names %.40q, which no event is: choose of %s", k, strings.Join(Kinds(), ","))
		}
	}
	return func(kind string) bool { return slices.Contains(named, kind) }, nil
}

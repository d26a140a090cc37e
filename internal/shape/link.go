// Package shape stands between two processes or hosts on loopback and makes
// the link between them slow, late or dead, for benchmarks and tests in real
// time: a TCP proxy with a rate, a delay and a switch. Nothing is dropped or
// reordered; a stalled link keeps its connections open and moves no byte.
package shape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// chunkBytes is the most that one read forwards: the granularity of the
	// rate. 16 KiB at 10 MB/s is 1.6 ms.
	chunkBytes = 16 << 10
	// queueChunks bounds what is on the way in one direction, as a router's
	// buffer does: 4 MiB, a 25 ms delay at up to 160 MB/s.
	queueChunks = 256
	// credit is how much of the time that a link lost by waking up late it may
	// make good: timers are late by a millisecond and more on a busy machine,
	// which would cost a link of 10 MB/s half of its rate.
	credit = 20 * time.Millisecond
)

// Config is how a link behaves, in each direction on its own.
type Config struct {
	Rate  int           // bytes per second; 0 = as fast as it goes
	Delay time.Duration // one way
}

// Link is a shaped way to one TCP address. It must be closed.
type Link struct {
	target   string
	cfg      Config
	listener net.Listener
	stop     context.CancelFunc
	wg       sync.WaitGroup

	mu    sync.Mutex
	moved int64         // bytes forwarded from the target to those who dialled
	gate  chan struct{} // closed while the link runs
	limit int64         // stall by itself once moved has reached this; 0 = never
}

// Listen opens a link to target on a free loopback port.
func Listen(ctx context.Context, target string, cfg Config) (*Link, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open shaped link: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	open := make(chan struct{})
	close(open)
	l := &Link{target: target, cfg: cfg, listener: listener, stop: stop, gate: open}
	l.wg.Go(func() { l.accept(ctx) })
	return l, nil
}

// Addr is where the link is dialled.
func (l *Link) Addr() *net.TCPAddr {
	addr, _ := l.listener.Addr().(*net.TCPAddr) // Listen asked for TCP
	return addr
}

// Stall stops all bytes, leaving connections open, until [Link.Resume].
func (l *Link) Stall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stall()
}

func (l *Link) stall() {
	select {
	case <-l.gate:
		l.gate = make(chan struct{})
	default: // stalled already
	}
}

// StallAfter stalls the link by itself once the target has sent n bytes.
func (l *Link) StallAfter(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = n
}

// Resume lets bytes pass again.
func (l *Link) Resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = 0
	select {
	case <-l.gate:
	default:
		close(l.gate)
	}
}

// Moved returns how many bytes the target has sent through the link.
func (l *Link) Moved() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.moved
}

// Close ends all connections and returns when nothing of the link runs.
func (l *Link) Close() error {
	l.stop()
	err := l.listener.Close()
	l.wg.Wait()
	return err
}

// accept ends when the listener is closed.
func (l *Link) accept(ctx context.Context) {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() { l.join(ctx, near) })
	}
}

// join forwards one connection until either side or the context ends.
func (l *Link) join(ctx context.Context, near net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	far, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.target)
	if err != nil {
		_ = near.Close() // the dialler sees that nobody is there
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = errors.Join(near.Close(), far.Close()) })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { defer cancel(); l.forward(ctx, far, near, false) })
	both.Go(func() { defer cancel(); l.forward(ctx, near, far, true) })
	both.Wait()
	_ = errors.Join(near.Close(), far.Close())
}

// chunk is bytes on their way and when they arrive.
type chunk struct {
	data []byte
	due  time.Time
}

// forward moves bytes from src to dst. The reading side spends the rate, the
// writing side waits out the delay, so that the two add up as on a wire.
func (l *Link) forward(ctx context.Context, dst io.Writer, src io.Reader, counted bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan chunk, queueChunks)
	var writer sync.WaitGroup
	writer.Go(func() { defer cancel(); l.drain(ctx, dst, queue, counted) })
	l.fill(ctx, src, queue)
	close(queue)
	writer.Wait()
}

// fill reads at the link's rate until src or ctx ends.
func (l *Link) fill(ctx context.Context, src io.Reader, queue chan<- chunk) {
	free := time.Now() // when the wire has sent all that was given to it
	for {
		buf := make([]byte, chunkBytes)
		n, err := src.Read(buf)
		if earliest := time.Now().Add(-credit); free.Before(earliest) {
			free = earliest
		}
		if l.cfg.Rate > 0 {
			free = free.Add(time.Duration(n) * time.Second / time.Duration(l.cfg.Rate))
		}
		select {
		case queue <- chunk{buf[:n], free.Add(l.cfg.Delay)}:
		case <-ctx.Done():
			return
		}
		if err != nil || !sleepUntil(ctx, free) {
			return
		}
	}
}

// drain writes what is due until the queue is closed or dst or ctx ends.
func (l *Link) drain(ctx context.Context, dst io.Writer, queue <-chan chunk, counted bool) {
	for c := range queue {
		if !sleepUntil(ctx, c.due) || !l.passes(ctx, len(c.data), counted) {
			return
		}
		if _, err := dst.Write(c.data); err != nil {
			return
		}
	}
}

// passes waits while the link is stalled and counts what goes through.
func (l *Link) passes(ctx context.Context, n int, counted bool) bool {
	for {
		l.mu.Lock()
		if counted && l.limit > 0 && l.moved >= l.limit {
			l.stall()
		}
		gate := l.gate
		l.mu.Unlock()
		select {
		case <-ctx.Done():
			return false
		case <-gate:
		}
		l.mu.Lock()
		if l.gate == gate {
			if counted {
				l.moved += int64(n)
			}
			l.mu.Unlock()
			return true
		}
		l.mu.Unlock()
	}
}

// sleepUntil waits for an instant and says whether it came before ctx ended.
func sleepUntil(ctx context.Context, due time.Time) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

package shape

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// run forwards data through a link of the given shape in virtual time and
// returns when its first and last byte arrived.
func run(t *testing.T, l *Link, size int) (first, last time.Duration) {
	t.Helper()
	near, src := net.Pipe()
	dst, far := net.Pipe()
	start := time.Now()
	go func() {
		_, _ = near.Write(make([]byte, size))
		_ = near.Close()
	}()
	go func() {
		l.forward(t.Context(), dst, src, true)
		_ = dst.Close()
	}()
	one := make([]byte, 1)
	if _, err := io.ReadFull(far, one); err != nil {
		t.Fatal(err)
	}
	first = time.Since(start)
	n, err := io.Copy(io.Discard, far)
	if err != nil || int(n) != size-1 {
		t.Fatalf("%d of %d bytes arrived: %v", n+1, size, err)
	}
	return first, time.Since(start)
}

func newOpen(cfg Config) *Link {
	open := make(chan struct{})
	close(open)
	return &Link{cfg: cfg, gate: open}
}

func TestLinkTakesItsRateAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, last := run(t, newOpen(Config{Rate: 1 << 20, Delay: 25 * time.Millisecond}), 1<<20)
		if want := time.Second + 25*time.Millisecond; last < want || last > want+time.Millisecond {
			t.Errorf("1 MiB at 1 MiB/s and 25 ms took %v, want %v", last, want)
		}
	})
}

func TestLinkStallsAfterBytesAndResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newOpen(Config{})
		l.StallAfter(64 << 10)
		time.AfterFunc(7*time.Second, l.Resume)
		first, last := run(t, l, 256<<10)
		if first != 0 || last != 7*time.Second {
			t.Errorf("first byte after %v and last after %v, want 0s and 7s", first, last)
		}
	})
}

func TestLinkForwardsOverRealTCP(t *testing.T) {
	server, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		c, err := server.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(c, c)
		_ = c.Close()
	}()
	l, err := Listen(t.Context(), server.Addr().String(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("pappus"), 10_000)
	go func() { _, _ = c.Write(want) }()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("echo differs: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

// pipes is a listener of connections in memory, so that the server's time is virtual.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8480} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// bubble is where time is virtual, and what is in it.
type bubble struct {
	*testing.T
	server *Server
	pipes  *pipes
}

// inPipes runs the test with a server whose connections are pipes.
func inPipes(t *testing.T, f *fake, test func(b bubble)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, f, func(c *Config) { c.Dir = dir })
		p := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.serve(ctx, p) }()
		<-s.Ready()
		test(bubble{T: t, server: s, pipes: p})
		cancel()
		since := time.Now()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(since); took > drainTimeout+time.Second {
			t.Errorf("stop took %v", took)
		}
	})
}

func TestSlowHeadersAreCutAfterTwoSeconds(t *testing.T) {
	inPipes(t, newFake(&chaincfg.RegressionNetParams), func(b bubble) {
		for _, sent := range []string{"", "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "} {
			c := b.pipes.dial()
			since := time.Now()
			if _, err := io.WriteString(c, sent); err != nil {
				b.Fatal(err)
			}
			_, _ = io.ReadAll(c) // until it is closed, however
			if took := time.Since(since); took != headerTimeout {
				b.Errorf("after %q closed in %v, want %v", sent, took, headerTimeout)
			}
		}
	})
}

func TestSlowBodyIsCutAfterTenSeconds(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	inPipes(t, f, func(b bubble) {
		c := b.pipes.dial()
		r := post(b.T, b.server, "")
		head := "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + r.Header.Get("Authorization") + "\r\nContent-Length: 100\r\n\r\n{"
		since := time.Now()
		if _, err := io.WriteString(c, head); err != nil {
			b.Fatal(err)
		}
		answer, _ := io.ReadAll(c) // until it is closed, however
		if took := time.Since(since); took != bodyTimeout {
			b.Errorf("closed in %v, want %v", took, bodyTimeout)
		}
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 400")) {
			b.Errorf("answer %q", answer)
		}
	})
}

// A call may take longer than a body: the body's deadline must not end it.
func TestLongCallOutlivesTheBodyDeadline(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	inPipes(t, f, func(b bubble) {
		f.inside = make(chan struct{})
		time.AfterFunc(90*time.Second, func() { close(f.inside) })
		c := b.pipes.dial()
		r := post(b.T, b.server, `{"id":1,"method":"generate","params":[1]}`)
		r.Header.Set("Connection", "close")
		go func() { _ = r.Write(c) }() // a failure shows in the answer
		answer, _ := io.ReadAll(c)
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
			b.Errorf("answer %q", answer)
		}
	})
}

func TestStopEndsCallsUnderWay(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	inPipes(t, f, func(b bubble) {
		f.inside = make(chan struct{})
		c := b.pipes.dial()
		go func() {
			_ = post(b.T, b.server, `{"id":1,"method":"generate","params":[1]}`).Write(c)
			_, _ = io.ReadAll(c) // the server closes it
		}()
		synctest.Wait()
	})
}

// The node shuts down while the answer is still to be written.
func TestStopIsAnsweredBeforeTheServerEnds(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	f.onStop = cancel
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	same(t, "answer", btcctl(t, s, "stop"), `"Pappus stopping"`)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	s := start(t, newFake(&chaincfg.RegressionNetParams))
	for size, want := range map[int]int{7 << 10: 200, 9 << 10: 431} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr().String()+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Large", strings.Repeat("a", size))
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = w.Body.Close()
		if w.StatusCode != want {
			t.Errorf("%d bytes: status %d, want %d", size, w.StatusCode, want)
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		l := limitConns(p, 1)
		go p.dial()
		first, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		go p.dial()
		accepted := make(chan error, 1)
		go func() {
			c, err := l.Accept()
			if err == nil {
				_ = c.Close()
			}
			accepted <- err
		}()
		synctest.Wait()
		if len(accepted) != 0 {
			t.Error("a second connection was accepted")
		}
		_ = first.Close()
		_ = first.Close() // room is made once
		if err := <-accepted; err != nil {
			t.Error(err)
		}
		l.open <- struct{}{}
		go func() { _, err := l.Accept(); accepted <- err }()
		synctest.Wait()
		_ = l.Close()
		if err := <-accepted; !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

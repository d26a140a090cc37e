package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

const stopCall = `{"id":1,"method":"stop","params":[]}`

// Each row is one rule of the door. No row but those with status 200 may reach
// the method.
func TestServerTurnsAway(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		body   string
		config func(*Config)
		status int
	}{
		{name: "honest request", status: 200},
		{name: "path /rpc", change: func(r *http.Request) { r.URL.Path = "/rpc" }, status: 200},
		{name: "other path", change: func(r *http.Request) { r.URL.Path = "/wallet/x" }, status: 404},
		{name: "GET", change: func(r *http.Request) { r.Method = http.MethodGet }, status: 405},
		{name: "OPTIONS, which would allow CORS", change: func(r *http.Request) { r.Method = http.MethodOptions }, status: 405},

		{name: "Host localhost", change: func(r *http.Request) { r.Host = "LocalHost:8480" }, status: 200},
		{name: "Host ::1", change: func(r *http.Request) { r.Host = "[::1]:8480" }, status: 200},
		{name: "Host without port", change: func(r *http.Request) { r.Host = "127.0.0.1" }, status: 200},
		{name: "Host of a rebound name", change: func(r *http.Request) { r.Host = "evil.example" }, status: 403},
		{name: "Host that begins like ours", change: func(r *http.Request) { r.Host = "localhost.evil.example:8480" }, status: 403},
		{name: "Host empty", change: func(r *http.Request) { r.Host = "" }, status: 403},
		{name: "Host another address", change: func(r *http.Request) { r.Host = "192.0.2.1:8480" }, status: 403},
		{name: "Host is checked before the password", change: func(r *http.Request) { r.Host = "evil.example"; r.SetBasicAuth("a", "b") }, status: 403},
		{name: "Host the configured one", config: remote("node.lan:0"), change: func(r *http.Request) { r.Host = "node.lan:8480" }, status: 200},
		{name: "Host an address, listening for other machines", config: remote("0.0.0.0:0"), change: func(r *http.Request) { r.Host = "192.0.2.1:8480" }, status: 200},
		{name: "Host a name, listening for other machines", config: remote("0.0.0.0:0"), change: func(r *http.Request) { r.Host = "evil.example" }, status: 403},

		{name: "foreign Origin", change: header("Origin", "http://evil.example"), status: 403},
		{name: "Origin null", change: header("Origin", "null"), status: 403},
		{name: "cross-site by fetch metadata", change: header("Sec-Fetch-Site", "cross-site"), status: 403},
		{name: "same-site by fetch metadata", change: header("Sec-Fetch-Site", "same-site"), status: 403},
		{name: "own Origin", change: header("Origin", "http://127.0.0.1:8480"), status: 200},
		{name: "own Origin with text/plain", change: headers("Origin", "http://127.0.0.1:8480", "Content-Type", "text/plain"), status: 403},
		{name: "foreign Origin with text/plain", change: headers("Origin", "http://evil.example", "Content-Type", "text/plain"), status: 403},
		{name: "same origin with a form", change: headers("Sec-Fetch-Site", "same-origin", "Content-Type", "application/x-www-form-urlencoded"), status: 403},
		{name: "own Origin with a charset", change: headers("Origin", "http://127.0.0.1:8480", "Content-Type", "application/json; charset=utf-8"), status: 200},
		{name: "program with text/plain, as in bitcoind's examples", change: header("Content-Type", "text/plain"), status: 200},
		{name: "program without Content-Type, as bitcoin-cli", change: func(r *http.Request) { r.Header.Del("Content-Type") }, status: 200},

		{name: "no password", change: func(r *http.Request) { r.Header.Del("Authorization") }, status: 401},
		{name: "wrong password", change: func(r *http.Request) { r.SetBasicAuth(cookieUser, "0000") }, status: 401},
		{name: "password of another user", change: func(r *http.Request) { _, p, _ := r.BasicAuth(); r.SetBasicAuth("", cookieUser+":"+p) }, status: 401},
		{name: "bearer token", change: header("Authorization", "Bearer x"), status: 401},
		{name: "empty password", config: remote("127.0.0.1:0"), change: func(r *http.Request) { r.SetBasicAuth("alice", "") }, status: 401},
		{name: "configured user", config: remote("127.0.0.1:0"), change: func(r *http.Request) { r.SetBasicAuth("alice", "secret:1") }, status: 200},
		{name: "cookie beside a configured user", config: remote("127.0.0.1:0"), status: 200},

		{name: "body above 1 MiB", body: `{"method":"stop","x":"` + strings.Repeat("a", maxBody) + `"}`, status: 413},
		{name: "body above 1 MiB that only quotes submitblock", body: `{"method":"stop","x":"submitblock","y":"` + strings.Repeat("a", maxBody) + `"}`, status: 413},
		{name: "batch above 1 MiB", body: `[{"method":"submitblock"},` + stopCall + `,"` + strings.Repeat("a", maxBody) + `"]`, status: 413},
		{name: "submitblock above 8 MB", body: `{"method":"submitblock","params":["` + strings.Repeat("a", maxSubmission) + `"]}`, status: 413},
		{name: "announced length above 8 MB", change: func(r *http.Request) { r.ContentLength = 1 << 30 }, status: 413},
		{name: "JSON 1,000,000 deep", body: strings.Repeat("[", 1_000_000), status: 400},
		{name: "JSON one too deep", body: `{"method":"stop","x":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`, status: 400},
		{name: "trailing bytes", body: stopCall + "{}", status: 400},
		{name: "trailing garbage", body: stopCall + "x", status: 400},
		{name: "key twice", body: `{"method":"getblockcount","method":"stop"}`, status: 400},
		{name: "huge number", body: `{"method":"stop","id":1` + strings.Repeat("0", maxNumber) + `}`, status: 400},
		{name: "batch of 101", body: "[" + strings.Repeat(stopCall+",", maxBatch) + stopCall + "]", status: 400},
		{name: "batch of 100,000", body: "[" + strings.Repeat("1,", 100_000) + "1]", status: 400},
		{name: "no JSON", body: "stop", status: 400},
		{name: "empty body", body: " ", status: 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(&chaincfg.RegressionNetParams)
				config := c.config
				if config == nil {
					config = func(*Config) {}
				}
				s := prepare(t, f, config)
				body := c.body
				if body == "" {
					body = stopCall
				}
				r := post(t, s, body)
				if c.change != nil {
					c.change(r)
				}
				w := serve(s, r)
				if w.Code != c.status {
					t.Fatalf("status %d, want %d: %s", w.Code, c.status, w.Body)
				}
				if want := c.status == 200; f.stops() == 1 != want {
					t.Errorf("method ran %d times", f.stops())
				}
				for name := range w.Header() {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("CORS header %s", name)
					}
				}
				if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
					t.Errorf("X-Content-Type-Options %q", got)
				}
				if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") {
					t.Errorf("Content-Security-Policy %q", got)
				}
			})
		})
	}
}

func header(name, value string) func(*http.Request) { return headers(name, value) }

func headers(pairs ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Set(pairs[i], pairs[i+1])
		}
	}
}

func remote(listen string) func(*Config) {
	return func(c *Config) { c.Listen, c.User, c.Password = listen, "alice", "secret:1" }
}

func TestRefusalIsDelayedAndSaysHow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, newFake(&chaincfg.RegressionNetParams))
		r := post(t, s, stopCall)
		r.SetBasicAuth(cookieUser, "guess")
		since := time.Now()
		w := serve(s, r)
		if took := time.Since(since); took != refusalDelay {
			t.Errorf("refused after %v, want %v", took, refusalDelay)
		}
		if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic ") {
			t.Errorf("WWW-Authenticate %q", got)
		}
		if w.Header().Get("Connection") != "close" {
			t.Error("connection is kept")
		}
		since = time.Now()
		if w := serve(s, post(t, s, stopCall)); w.Code != 200 || time.Since(since) != 0 {
			t.Errorf("right password: status %d after %v", w.Code, time.Since(since))
		}
	})
}

// 1,000 guesses at once: 16 wait, the others are sent away, and whoever knows
// the password is served meanwhile.
func TestGuessesDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, newFake(&chaincfg.RegressionNetParams))
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[int]int{}
		for range 1000 {
			wg.Go(func() {
				r := post(t, s, stopCall)
				r.SetBasicAuth(cookieUser, "guess")
				w := serve(s, r)
				mu.Lock()
				defer mu.Unlock()
				got[w.Code]++
			})
		}
		synctest.Wait()
		if w := serve(s, post(t, s, stopCall)); w.Code != 200 {
			t.Errorf("right password: status %d", w.Code)
		}
		wg.Wait()
		if got[401] != maxRefusals || got[503] != 1000-maxRefusals {
			t.Errorf("statuses %v", got)
		}
	})
}

// 20 calls run, 64 wait, the next one is told to come again; then all are served.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(&chaincfg.RegressionNetParams)
		f.inside = make(chan struct{})
		s := prepare(t, f)
		const body = `{"id":1,"method":"generate","params":[0]}`
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[int]int{}
		for range maxRunning + maxWaiting {
			wg.Go(func() {
				w := serve(s, post(t, s, body))
				mu.Lock()
				defer mu.Unlock()
				got[w.Code]++
			})
		}
		synctest.Wait()
		w := serve(s, post(t, s, body))
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "try again") {
			t.Errorf("one too many: status %d: %s", w.Code, w.Body)
		}
		close(f.inside)
		wg.Wait()
		if got[200] != maxRunning+maxWaiting {
			t.Errorf("statuses %v", got)
		}
	})
}

func TestNewRefusesToOpenUpWithoutPassword(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		want string // part of the error, "" = none
	}{
		{"loopback", Config{Listen: "127.0.0.1:0"}, ""},
		{"loopback v6", Config{Listen: "[::1]:0"}, ""},
		{"loopback by name", Config{Listen: "localhost:0"}, ""},
		{"all addresses", Config{Listen: "0.0.0.0:8480"}, "--rpcuser and --rpcpassword"},
		{"all addresses, short", Config{Listen: ":8480"}, "--rpcuser and --rpcpassword"},
		{"all addresses v6", Config{Listen: "[::]:8480"}, "--rpcuser and --rpcpassword"},
		{"a name", Config{Listen: "node.lan:8480"}, "--rpcuser and --rpcpassword"},
		{"all addresses with password", Config{Listen: "0.0.0.0:8480", User: "a", Password: "b"}, ""},
		{"user without password", Config{Listen: "127.0.0.1:0", User: "a"}, "set both or neither"},
		{"user with colon", Config{Listen: "127.0.0.1:0", User: "a:b", Password: "c"}, "colon"},
		{"no port", Config{Listen: "127.0.0.1"}, "HOST:PORT"},
		{"bad port", Config{Listen: "127.0.0.1:http"}, "not a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.cfg.Dir = t.TempDir()
			_, err := New(c.cfg, newFake(&chaincfg.RegressionNetParams).backend(), quiet())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	first := start(t, newFake(&chaincfg.RegressionNetParams))
	taken := first.Addr().String()
	second := prepare(t, newFake(&chaincfg.RegressionNetParams), func(c *Config) { c.Listen = taken })
	err := second.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), taken) || !strings.Contains(err.Error(), "--api") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(second.cfg.Dir, CookieFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a cookie was written: %v", err)
	}
}

func TestCookieLivesAsLongAsTheServer(t *testing.T) {
	s := prepare(t, newFake(&chaincfg.RegressionNetParams))
	path := filepath.Join(s.cfg.Dir, CookieFile)
	if err := os.WriteFile(path, []byte("__cookie__:stale"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("cookie: %v, %v", info.Mode(), err)
	}
	got, err := os.ReadFile(path)
	if err != nil || len(got) != len("__cookie__:")+64 || !bytes.HasPrefix(got, []byte("__cookie__:")) {
		t.Errorf("cookie %q, %v", got, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(s.cfg.Dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if other := prepare(t, newFake(&chaincfg.RegressionNetParams)); other.auth.cookie == s.auth.cookie {
		t.Error("two starts have the same cookie")
	}
}

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

// inPipes runs the test with a server whose connections are pipes.
func inPipes(t *testing.T, f *fake, test func(t *testing.T, s *Server, p *pipes)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, f, func(c *Config) { c.Dir = dir })
		p := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.serve(ctx, p) }()
		<-s.Ready()
		test(t, s, p)
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
	inPipes(t, newFake(&chaincfg.RegressionNetParams), func(t *testing.T, _ *Server, p *pipes) {
		for _, sent := range []string{"", "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "} {
			c := p.dial()
			since := time.Now()
			if _, err := io.WriteString(c, sent); err != nil {
				t.Fatal(err)
			}
			_, _ = io.ReadAll(c) // until it is closed, however
			if took := time.Since(since); took != headerTimeout {
				t.Errorf("after %q closed in %v, want %v", sent, took, headerTimeout)
			}
		}
	})
}

func TestSlowBodyIsCutAfterTenSeconds(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	inPipes(t, f, func(t *testing.T, s *Server, p *pipes) {
		c := p.dial()
		r := post(t, s, "")
		head := "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + r.Header.Get("Authorization") + "\r\nContent-Length: 100\r\n\r\n{"
		since := time.Now()
		if _, err := io.WriteString(c, head); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(c) // until it is closed, however
		if took := time.Since(since); took != bodyTimeout {
			t.Errorf("closed in %v, want %v", took, bodyTimeout)
		}
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 400")) {
			t.Errorf("answer %q", answer)
		}
	})
}

// A call may take longer than a body: the body's deadline must not end it.
func TestLongCallOutlivesTheBodyDeadline(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	inPipes(t, f, func(t *testing.T, s *Server, p *pipes) {
		f.inside = make(chan struct{})
		time.AfterFunc(90*time.Second, func() { close(f.inside) })
		c := p.dial()
		r := post(t, s, `{"id":1,"method":"generate","params":[1]}`)
		r.Header.Set("Connection", "close")
		go func() { _ = r.Write(c) }() // a failure shows in the answer
		answer, _ := io.ReadAll(c)
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
			t.Errorf("answer %q", answer)
		}
	})
}

func TestStopEndsCallsUnderWay(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	inPipes(t, f, func(t *testing.T, s *Server, p *pipes) {
		f.inside = make(chan struct{})
		c := p.dial()
		go func() {
			_ = post(t, s, `{"id":1,"method":"generate","params":[1]}`).Write(c)
			_, _ = io.ReadAll(c) // the server closes it
		}()
		synctest.Wait()
	})
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
		w.Body.Close()
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
				c.Close()
			}
			accepted <- err
		}()
		synctest.Wait()
		if len(accepted) != 0 {
			t.Error("a second connection was accepted")
		}
		first.Close()
		first.Close() // room is made once
		if err := <-accepted; err != nil {
			t.Error(err)
		}
		l.open <- struct{}{}
		go func() { _, err := l.Accept(); accepted <- err }()
		synctest.Wait()
		l.Close()
		if err := <-accepted; !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// Nothing that gets into a log may hold the cookie, a password or a parameter.
func TestLogHoldsNoSecrets(t *testing.T) {
	var log bytes.Buffer
	f := newFake(&chaincfg.RegressionNetParams)
	cfg := DefaultConfig(t.TempDir())
	cfg.Listen, cfg.User, cfg.Password = "127.0.0.1:0", "alice", "hunter2secret"
	s, err := New(cfg, f.backend(), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	call(t, s, "getblock", `["parametersecret"]`)
	call(t, s, "stop", `[]`)
	serve(s, post(t, s, "garbagesecret"))
	r := post(t, s, stopCall)
	r.SetBasicAuth("alice", "guessedsecret")
	serve(s, r)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	_, cookie, _ := strings.Cut(s.auth.cookie, ":")
	for _, secret := range []string{"secret", cookie} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("log holds %q: %s", secret, &log)
		}
	}
	if !strings.Contains(log.String(), "method=getblock") {
		t.Errorf("log lacks the call: %s", &log)
	}
}

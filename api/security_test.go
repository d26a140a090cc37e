package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
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

// Nothing that gets into a log may hold the cookie, a password or a parameter.
func TestLogHoldsNoSecrets(t *testing.T) {
	var log bytes.Buffer
	f := newFake(&chaincfg.RegressionNetParams)
	cfg := DefaultConfig(t.TempDir())
	cfg.Listen, cfg.User, cfg.Password = "127.0.0.1:0", "alice", "hunter2secret"
	cfg.Auth = []string{SaltedUser("bob", "saltedsecret")}
	s, err := New(cfg, f.backend(), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	_, _ = call(t, s, "getblock", `["parametersecret"]`)
	_, _ = call(t, s, "stop", `[]`)
	serve(s, post(t, s, "garbagesecret"))
	r := post(t, s, stopCall)
	r.SetBasicAuth("alice", "guessedsecret")
	serve(s, r)
	r = post(t, s, `{"id":1,"method":"validateaddress","params":["addresssecret"]}`)
	r.SetBasicAuth("bob", "saltedsecret")
	if w := serve(s, r); w.Code != http.StatusOK {
		t.Errorf("a salted user: %d", w.Code)
	}
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

package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// prepare returns a server that is not listening.
func prepare(t *testing.T, f *fake, change ...func(*Config)) *Server {
	t.Helper()
	cfg := DefaultConfig(t.TempDir())
	cfg.Listen = "127.0.0.1:0"
	for _, c := range change {
		if c != nil {
			c(&cfg)
		}
	}
	s, err := New(cfg, f.backend(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start runs a server on loopback until the test ends.
func start(t *testing.T, f *fake, change ...func(*Config)) *Server {
	t.Helper()
	s := prepare(t, f, change...)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	select {
	case <-s.Ready():
	case err := <-ended:
		ended <- nil
		t.Fatalf("Run: %v", err)
	}
	return s
}

// post is a request of an honest program's, not yet sent.
func post(t *testing.T, s *Server, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:8480/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	user, password, _ := strings.Cut(s.auth.cookie, ":")
	r.SetBasicAuth(user, password)
	return r
}

func serve(s *Server, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// call runs one method and returns its result or its error.
func call(t *testing.T, s *Server, method, params string) (json.RawMessage, *btcjson.RPCError) {
	t.Helper()
	w := serve(s, post(t, s, `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":`+params+`}`))
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s: status %d: %s", method, params, w.Code, w.Body)
	}
	var r struct {
		Result json.RawMessage
		Error  *btcjson.RPCError
	}
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
		t.Fatalf("%s %s: %v in %s", method, params, err, w.Body)
	}
	return r.Result, r.Error
}

// get calls a method that must succeed.
func get[T any](t *testing.T, s *Server, method, params string) T {
	t.Helper()
	raw, refused := call(t, s, method, params)
	if refused != nil {
		t.Fatalf("%s %s: %v", method, params, refused)
	}
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s %s: %v in %s", method, params, err, raw)
	}
	return v
}

// block170 is the first block of the main network with a payment.
func block170(t *testing.T) *btcutil.Block {
	t.Helper()
	text, err := os.ReadFile("testdata/block170.hex")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	id1   = "12D3KooWA4mYTaYTzCu6nEY5HgDHkbK8cDjBYcxsWQvyHXXSKsML"
	node1 = "/ip4/192.0.2.1/tcp/8477/p2p/" + id1
)

type object = map[string]any

// same fails unless the two are equal.
func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// keys fails unless the object has exactly these keys.
func keys(t *testing.T, got object, want string) {
	t.Helper()
	fields := strings.Fields(want)
	slices.Sort(fields)
	if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, fields) {
		t.Errorf("keys\n%v, want\n%v", have, fields)
	}
}

// expect fails for every key that has another value.
func expect(t *testing.T, got, want object) {
	t.Helper()
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s: %v, want %v", key, got[key], value)
		}
	}
}

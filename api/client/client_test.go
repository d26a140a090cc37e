package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// folder is a network's folder with what a running node leaves there.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// serve answers every request with the function's status and body.
func serve(t *testing.T, answer func(r *http.Request, body string) (int, string)) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		status, text := answer(r, string(body))
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, text)
	}))
	t.Cleanup(s.Close)
	c, err := Dial(folder(t, map[string]string{"api": s.Listener.Addr().String() + "\n", ".cookie": "__cookie__:ab"}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCall(t *testing.T) {
	c := serve(t, func(r *http.Request, body string) (int, string) {
		user, password, _ := r.BasicAuth()
		if user != "__cookie__" || password != "ab" || r.URL.Path != "/rpc" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("request %v", r)
		}
		if body != `{"jsonrpc":"2.0","id":1,"method":"m","params":[1,"x"]}` && !strings.HasSuffix(body, `"params":[]}`) {
			t.Errorf("body %s", body)
		}
		return 200, `{"jsonrpc":"2.0","result":{"n":7},"id":1}`
	})
	var result struct{ N int }
	if err := c.Call(t.Context(), "m", []any{1, "x"}, &result); err != nil || result.N != 7 {
		t.Errorf("result %v, %v", result, err)
	}
	var raw json.RawMessage
	if err := c.Call(t.Context(), "m", nil, &raw); err != nil || string(raw) != `{"n":7}` {
		t.Errorf("result %s, %v", raw, err)
	}
	if err := c.Call(t.Context(), "m", nil, nil); err != nil {
		t.Error(err)
	}
}

func TestCallFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"the node says no", 200, `{"error":{"code":-8,"message":"Block height out of range"},"id":1}`, "Block height out of range"},
		{"another node's cookie", 401, "", "does not take the cookie"},
		{"busy", 503, "", "try again"},
		{"something else listens", 200, "<html>", "does another program listen there?"},
		{"refused", 403, "unknown Host", "unknown Host"},
		{"result of another type", 200, `{"result":"x"}`, "decode result of m"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n int
			err := serve(t, func(*http.Request, string) (int, string) { return c.status, c.body }).Call(t.Context(), "m", nil, &n)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			var refused *RPCError
			if is := strings.Contains(c.body, `"error"`); errors.As(err, &refused) != is || is && refused.Code != -8 {
				t.Errorf("RPC error %v", refused)
			}
		})
	}
}

func TestNodeThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
		gone  bool
	}{
		{"never ran", nil, "pappus node", true},
		{"stopping", map[string]string{"api": "127.0.0.1:1"}, "cookie is missing", true},
		{"was killed", map[string]string{"api": l.Addr().String(), ".cookie": "a:b"}, "start it again", true},
		{"damaged cookie", map[string]string{"api": "127.0.0.1:1", ".cookie": "ab"}, "restart the node", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, err := Dial(folder(t, c.files))
			if err == nil {
				err = client.Call(t.Context(), "m", nil, nil)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrNotRunning) != c.gone {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestReachable(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:8480": "127.0.0.1:8480", "[::1]:8480": "[::1]:8480", "0.0.0.0:8480": "localhost:8480", "[::]:8480": "localhost:8480", "node.lan:1": "node.lan:1",
	} {
		if got := reachable(addr); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

func TestParams(t *testing.T) {
	hash := strings.Repeat("12", 32)
	got := Params([]string{"5", "true", "null", `{"a":1}`, `["x"]`, `"5"`, "add", hash, "1e2", "/ip4/1.2.3.4/tcp/1"})
	want := []any{
		json.RawMessage("5"), json.RawMessage("true"), json.RawMessage("null"), json.RawMessage(`{"a":1}`), json.RawMessage(`["x"]`), json.RawMessage(`"5"`),
		"add", hash, json.RawMessage("1e2"), "/ip4/1.2.3.4/tcp/1",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("params %v, want %v", got, want)
	}
}

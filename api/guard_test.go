package api

import (
	"cmp"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/btcsuite/btcd/chaincfg/v2"
)

const stopCall = `{"id":1,"method":"stop","params":[]}`

// Each row is one rule of the door. No row but those with status 200 may reach
// the method.
func TestServerTurnsAway(t *testing.T) {
	for _, c := range []visit{
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
		t.Run(c.name, func(t *testing.T) { synctest.Test(t, c.check) })
	}
}

// visit is one request and how it must end. It is honest but for what the row changes.
type visit struct {
	name   string
	change func(*http.Request)
	body   string // "" = stopCall
	config func(*Config)
	status int
}

func (v visit) check(t *testing.T) {
	f := newFake(&chaincfg.RegressionNetParams)
	s := prepare(t, f, v.config)
	r := post(t, s, cmp.Or(v.body, stopCall))
	if v.change != nil {
		v.change(r)
	}
	w := serve(s, r)
	if w.Code != v.status {
		t.Fatalf("status %d, want %d: %s", w.Code, v.status, w.Body)
	}
	if want := v.status == http.StatusOK; (f.stops() == 1) != want {
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

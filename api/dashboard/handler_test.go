package dashboard

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// world is a view of one node that counts what it is asked.
type world struct {
	asked atomic.Int64
	slow  time.Duration
}

func (*world) Info() Info { return Info{Kind: "node", Nodes: []Name{{"a", "id-a"}}} }
func (w *world) Network(context.Context) (Network, error) {
	w.asked.Add(1)
	time.Sleep(w.slow) // in a bubble
	return Network{Nodes: []Dot{}, Links: []Edge{}}, nil
}
func (w *world) Node(name string) (Node, bool)                   { return w, name == "" || name == "a" }
func (*world) State(context.Context) (State, error)              { return State{Name: "a"}, nil }
func (*world) Peers(context.Context) ([]Peer, error)             { return nil, nil }
func (*world) Blocks(_ context.Context, n int) ([]Block, error)  { return make([]Block, n), nil }
func (*world) Mempool(context.Context, int) (Mempool, error)     { return Mempool{}, nil }
func (*world) Addresses(context.Context, int) (Addresses, error) { return Addresses{}, nil }
func (*world) Own(context.Context) ([]Own, error)                { return []Own{{Txid: "secret"}}, nil }
func (*world) Logs(_ context.Context, n int) ([]Line, error)     { return make([]Line, n), nil }

// lock opens to whoever says "open".
type lock struct{}

func (lock) Holds(r *http.Request) bool { return r.Header.Get("Authorization") == "open" }
func (l lock) Admit(w http.ResponseWriter, r *http.Request, _ bool) bool {
	if l.Holds(r) {
		return true
	}
	Refuse(w, Unauthorized("no"))
	return false
}

func ask(t *testing.T, h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	auth     = "Authorization"
	kind     = "Content-Type"
	jsonType = "application/json"
)

func echo() Route {
	return Route{Method: http.MethodPost, Path: "devnet/echo", Handle: func(_ context.Context, q Query) (any, error) {
		var in struct{ Word string }
		if err := q.Decode(&in); err != nil {
			return nil, err
		}
		return in, nil
	}}
}

func TestWhoMayAskWhat(t *testing.T) {
	for _, c := range []struct {
		name         string
		open         bool
		method, path string
		body         string
		headers      []string
		want         int
	}{
		{"anybody reads on this machine", true, "GET", "/api/v1/network", "", nil, 200},
		{"nobody without the password elsewhere", false, "GET", "/api/v1/network", "", nil, 401},
		{"whoever has it does", false, "GET", "/api/v1/network", "", []string{auth, "open"}, 200},
		{"events are no different", false, "GET", "/events", "", nil, 401},
		{"nor is the page", false, "GET", "/", "", nil, 401},
		{"own transactions are private", true, "GET", "/api/v1/own", "", nil, 401},
		{"to their owner they are not", true, "GET", "/api/v1/own", "", []string{auth, "open"}, 200},
		{"logs are private", true, "GET", "/api/v1/logs", "", nil, 401},
		{"actions are not for anybody", true, "POST", "/api/v1/devnet/echo", "{}", []string{kind, jsonType}, 401},
		{"actions are JSON", true, "POST", "/api/v1/devnet/echo", "{}", []string{auth, "open", kind, "text/plain"}, 415},
		{"an action", true, "POST", "/api/v1/devnet/echo", `{"word":"x"}`, []string{auth, "open", kind, jsonType}, 200},
		{"a key that nobody knows", true, "POST", "/api/v1/devnet/echo", `{"wrod":"x"}`, []string{auth, "open", kind, jsonType}, 400},
		{"no JSON", true, "POST", "/api/v1/devnet/echo", `{`, []string{auth, "open", kind, jsonType}, 400},
		{"a large body", true, "POST", "/api/v1/devnet/echo", strings.Repeat(" ", maxBody+1), []string{auth, "open", kind, jsonType}, 413},
		{"no such path", true, "GET", "/api/v1/bogus", "", nil, 404},
		{"no such file", true, "GET", "/bogus.js", "", nil, 404},
		{"no such node", true, "GET", "/api/v1/node?name=b", "", nil, 404},
		{"a node by name", true, "GET", "/api/v1/node?name=a", "", nil, 200},
		{"too many", true, "GET", "/api/v1/blocks?count=101", "", nil, 400},
		{"no number", true, "GET", "/api/v1/blocks?count=x", "", nil, 400},
		{"what cannot be counted", true, "GET", "/api/v1/peers?count=5", "", nil, 400},
	} {
		h := New(new(world), NewFeed(begin()), lock{}, c.open, echo())
		w := ask(t, h, c.method, c.path, c.body, c.headers...)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, w.Code, c.want, w.Body)
		}
		var refused struct {
			Error struct{ Code, Message string }
		}
		if w.Code >= 400 && (json.Unmarshal(w.Body.Bytes(), &refused) != nil || refused.Error.Code == "" || refused.Error.Message == "") {
			t.Errorf("%s: the refusal is %s", c.name, w.Body)
		}
	}
}

func TestAnswersAreWhatWasAskedFor(t *testing.T) {
	h := New(new(world), NewFeed(begin()), lock{}, true)
	for path, want := range map[string]string{
		"/api/v1/peers": "[]\n", // no null: pages count on a list
		"/api/v1/info":  `"writable":false`,
		"/api/v1/node":  `"name":"a"`,
	} {
		if got := ask(t, h, http.MethodGet, path, "").Body.String(); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := ask(t, h, http.MethodGet, "/api/v1/info", "", auth, "open").Body.String(); !strings.Contains(got, `"writable":true`) {
		t.Errorf("info with the password: %s", got)
	}
	var blocks []Block
	if err := json.Unmarshal(ask(t, h, http.MethodGet, "/api/v1/blocks?count=3", "").Body.Bytes(), &blocks); err != nil || len(blocks) != 3 {
		t.Errorf("%d blocks, want 3: %v", len(blocks), err)
	}
}

// Fifty readers cost as much as one; one that computes long is asked for less often.
func TestAnswersAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{slow: 100 * time.Millisecond}
		h := New(w, NewFeed(begin()), lock{}, true)
		var readers sync.WaitGroup
		for range 50 {
			readers.Go(func() { ask(t, h, http.MethodGet, "/api/v1/network", "") })
		}
		readers.Wait()
		if got := w.asked.Load(); got != 1 {
			t.Errorf("50 readers had it computed %d times, want 1", got)
		}
		for range 20 { // for 10 s
			time.Sleep(500 * time.Millisecond)
			ask(t, h, http.MethodGet, "/api/v1/network", "")
		}
		if got := w.asked.Load(); got > 1+10*1000/(costly*100) {
			t.Errorf("an answer that takes 100 ms was computed %d times in 10 s", got)
		}
	})
}

func TestReadersArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(new(world), NewFeed(begin()), lock{}, true)
		var answered, refused atomic.Int64
		var readers sync.WaitGroup
		since := time.Now()
		for range 200 { // more than wait
			readers.Go(func() {
				for time.Since(since) < 10*time.Second {
					if ask(t, h, http.MethodGet, "/api/v1/node", "").Code == http.StatusOK {
						answered.Add(1)
					} else {
						refused.Add(1)
						time.Sleep(time.Second) // as Retry-After says
					}
				}
			})
		}
		readers.Wait()
		if got := answered.Load(); got > 10*readRate+readBurst+maxPaced {
			t.Errorf("%d answers in 10 s, want at most %d a second", got, readRate)
		}
		if refused.Load() == 0 {
			t.Error("nobody was told to come back later")
		}
	})
}

func TestPageIsServedWithItsPolicy(t *testing.T) {
	h := New(new(world), NewFeed(begin()), lock{}, true)
	w := ask(t, h, http.MethodGet, "/", "", "Accept-Encoding", "gzip")
	policy := w.Header().Get("Content-Security-Policy")
	if w.Code != http.StatusOK || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "script-src 'self'") {
		t.Errorf("status %d, policy %q", w.Code, policy)
	}
	if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/html") {
		t.Errorf("type %q", got)
	}
	body := io.Reader(w.Body)
	if w.Header().Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = unpacked
	}
	packed, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if plain := ask(t, h, http.MethodGet, "/", "").Body.String(); plain != string(packed) || !strings.Contains(plain, "<html") {
		t.Errorf("the page is\n%s", plain)
	}
}

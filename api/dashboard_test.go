package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/pappus-network/pappus/api/dashboard"
)

// scene is a view without nodes.
type scene struct{}

func (scene) Info() dashboard.Info                               { return dashboard.Info{Kind: "node"} }
func (scene) Network(context.Context) (dashboard.Network, error) { return dashboard.Network{}, nil }
func (scene) Node(string) (dashboard.Node, bool)                 { return nil, false }

// The dashboard stands behind the same door as the rest. Calls reach neither its reads nor
// its actions from a web page elsewhere, whatever they carry.
func TestDashboardIsBehindTheGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := newFake(&chaincfg.RegressionNetParams).backend()
		backend.View, backend.Feed = scene{}, dashboard.NewFeed(time.Now())
		node, err := New(DefaultConfig(t.TempDir()), backend, quiet())
		if err != nil {
			t.Fatal(err)
		}
		act := dashboard.Route{Method: http.MethodPost, Path: "devnet/act", Handle: func(context.Context, dashboard.Query) (any, error) { return struct{}{}, nil }}
		devnet, err := NewDashboard(DefaultConfig(t.TempDir()), scene{}, dashboard.NewFeed(time.Now()), quiet(), act)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name         string
			to           *Server
			method, path string
			headers      []string
			want         int
		}{
			{"a read", node, "GET", "/api/v1/info", nil, 200},
			{"a read by another name", node, "GET", "/api/v1/info", []string{"Host", "evil.example"}, 403},
			{"events by another name", node, "GET", "/events", []string{"Host", "evil.example"}, 403},
			{"the page", node, "GET", "/", nil, 200},
			{"the page by another name", node, "GET", "/", []string{"Host", "evil.example"}, 403},
			{"what is private", node, "GET", "/api/v1/own", nil, 401},
			{"with the wrong token", node, "GET", "/api/v1/own", []string{"Authorization", "Bearer guess"}, 401},
			{"with another's token", node, "GET", "/api/v1/own", []string{"Authorization", "Bearer " + devnet.Token()}, 401},
			{"with its own", node, "GET", "/api/v1/own", []string{"Authorization", "Bearer " + node.Token()}, 400}, // the scene has no nodes
			{"a node has no actions", node, "POST", "/api/v1/devnet/act", []string{"Content-Type", "application/json", "Authorization", "Bearer " + node.Token()}, 404},
			{"an action", devnet, "POST", "/api/v1/devnet/act", []string{"Content-Type", "application/json", "Authorization", "Bearer " + devnet.Token()}, 200},
			{"an action without the token", devnet, "POST", "/api/v1/devnet/act", []string{"Content-Type", "application/json"}, 401},
			{
				"an action from a page elsewhere", devnet, "POST", "/api/v1/devnet/act",
				[]string{"Content-Type", "application/json", "Authorization", "Bearer " + devnet.Token(), "Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"},
				403,
			},
			{"a devnet has no JSON-RPC", devnet, "POST", "/rpc", []string{"Content-Type", "application/json"}, 405},
		} {
			r := httptest.NewRequestWithContext(t.Context(), c.method, "http://127.0.0.1:8480"+c.path, http.NoBody)
			for i := 0; i < len(c.headers); i += 2 {
				if c.headers[i] == "Host" {
					r.Host = c.headers[i+1]
				}
				r.Header.Set(c.headers[i], c.headers[i+1])
			}
			if c.path == "/events" && c.want == 200 {
				continue
			}
			w := serve(c.to, r)
			if w.Code != c.want {
				t.Errorf("%s: %d, want %d: %s", c.name, w.Code, c.want, w.Body)
			}
			if w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("%s: a browser would ask its user for a password", c.name)
			}
			if strings.Contains(w.Header().Get("Access-Control-Allow-Origin"), "*") {
				t.Errorf("%s: other pages may read it", c.name)
			}
		}
	})
}

// Beyond this machine nothing is for everybody.
func TestRemoteDashboardTakesThePassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig(t.TempDir())
		cfg.Listen, cfg.User, cfg.Password = "192.0.2.1:8480", "u", "p"
		s, err := NewDashboard(cfg, scene{}, dashboard.NewFeed(time.Now()), quiet())
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/", "/assets/x.js", "/api/v1/info", "/api/v1/network", "/events"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://192.0.2.1:8480"+path, http.NoBody)
			if w := serve(s, r); w.Code != http.StatusUnauthorized {
				t.Errorf("%s without a password: %d", path, w.Code)
			}
		}
	})
}

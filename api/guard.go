package api

import (
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// guard turns away what no program of the operator's sends, before anybody
// looks at its password: the threats are web pages in the operator's browser.
type guard struct {
	next    http.Handler
	metrics *metrics
	hosts   []string // names that may stand in the Host header
	remote  bool     // listens beyond this machine: any IP address may stand there as well
	origins *http.CrossOriginProtection
}

func newGuard(cfg Config, next http.Handler, m *metrics) *guard {
	g := &guard{
		next:    next,
		metrics: m,
		hosts:   []string{"localhost", "127.0.0.1", "::1"},
		origins: http.NewCrossOriginProtection(),
	}
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err == nil && host != "" {
		g.hosts = append(g.hosts, strings.ToLower(host))
	}
	g.remote = !isLoopback(host)
	return g
}

// ServeHTTP implements http.Handler.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")

	control := http.NewResponseController(w)
	// An error means that the connection has no deadlines: only in tests.
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))

	if reason := g.refuses(r); reason != "" {
		refuseHTTP(w, g.metrics, http.StatusForbidden, reason)
		return
	}
	g.next.ServeHTTP(w, r)
}

// refuses says why the request is not for us; "" = it is.
func (g *guard) refuses(r *http.Request) string {
	if !g.knows(r.Host) {
		return "unknown Host: call the API by localhost or by the address it listens on"
	}
	if err := g.origins.Check(r); err != nil {
		return "cross-origin requests are refused"
	}
	// A page may send text/plain or a form anywhere without asking first; JSON
	// makes its browser ask, and nobody here says yes. Programs that are no
	// browsers send what they like: bitcoind's own examples say text/plain.
	if r.Method == http.MethodPost && fromBrowser(r) && !isJSON(r.Header.Get("Content-Type")) {
		return "browsers must send application/json"
	}
	return ""
}

// knows checks the Host header. A page whose name is made to point at this
// machine (DNS rebinding) passes for same-origin, but it cannot change this name.
func (g *guard) knows(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if slices.Contains(g.hosts, host) {
		return true
	}
	// Rebinding needs a name: whoever uses an address means this machine.
	_, err := netip.ParseAddr(host)
	return g.remote && err == nil
}

func fromBrowser(r *http.Request) bool {
	return r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != ""
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || kind == "application/json-rpc")
}

// refuseHTTP ends a request without a call. The connection goes with it: who is
// not let in keeps none open.
func refuseHTTP(w http.ResponseWriter, m *metrics, status int, reason string) {
	m.refuse(status)
	w.Header().Set("Connection", "close")
	http.Error(w, reason, status)
}

package api

import (
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/pappus-network/pappus/api/dashboard"
)

// warnInterval keeps wrong passwords to 1,440 lines of the log a day.
const warnInterval = time.Minute

// passwordHelp is what whoever has none is told.
const passwordHelp = "wrong user or password: use the " + CookieFile + " file in the network's folder, or rpcuser and rpcpassword"

// door lets in who has the password.
type door struct {
	auth    *auth
	metrics *metrics
	log     *slog.Logger
	warn    rate.Sometimes // of wrong passwords: whoever tries them must not fill the log
}

func newDoor(a *auth, m *metrics, log *slog.Logger) *door {
	return &door{auth: a, metrics: m, log: log, warn: rate.Sometimes{First: 1, Interval: warnInterval}}
}

// Holds implements dashboard.Keys.
func (d *door) Holds(r *http.Request) bool { return d.auth.allows(r) }

// Admit implements dashboard.Keys.
func (d *door) Admit(w http.ResponseWriter, r *http.Request, challenge bool) bool {
	if challenge {
		return d.admits(w, r)
	}
	if d.auth.allows(r) {
		return true
	}
	if !d.stall(w, r) {
		return false
	}
	d.metrics.refuse(http.StatusUnauthorized)
	w.Header().Set("Connection", "close")
	dashboard.Refuse(w, dashboard.Unauthorized("this takes the password: send the token that the page was opened with (Authorization: Bearer …), or the "+
		CookieFile+" file's content by Basic authentication"))
	return false
}

// admits checks the password, and answers the request if it is wrong.
func (d *door) admits(w http.ResponseWriter, r *http.Request) bool {
	if d.auth.allows(r) {
		return true
	}
	if !d.stall(w, r) {
		return false
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="jsonrpc"`)
	refuseHTTP(w, d.metrics, http.StatusUnauthorized, passwordHelp)
	return false
}

// stall waits out the delay of a refusal. False: too many wait already, and that was the
// answer.
func (d *door) stall(w http.ResponseWriter, r *http.Request) bool {
	d.warn.Do(func() { d.log.Warn("wrong password for the api", "from", r.RemoteAddr) })
	if d.auth.stall(r.Context()) {
		return true
	}
	refuseHTTP(w, d.metrics, http.StatusServiceUnavailable, "too many wrong passwords at once")
	return false
}

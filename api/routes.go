package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pappus-network/pappus/api/dashboard"
)

const (
	// maxBody is for every call but one. Source: design.md §6.
	maxBody = 1 << 20
	// maxSubmission is for submitblock alone: the largest block in hexadecimal
	// digits and 4 KiB around it, 8.0 MB. It is read only after authentication, if
	// the first MiB names the method, and while one of the maxHeavy places is held:
	// 16 MB at most in all. The method itself must not take such a place again.
	maxSubmission = 2*wire.MaxBlockPayload + 4<<10
	// maxBatch is the number of calls in one request. Source: hostile-peer rows.
	maxBatch = 100
	// maxScrapes is how many readers of the metrics are served at once.
	maxScrapes = 2
	// answerBuffer is written to the connection at once: one TLS record's worth.
	answerBuffer = 16 << 10
)

var errTooLarge = errors.New("request body too large")

// rpc answers JSON-RPC over HTTP.
type rpc struct {
	*dispatcher
	door *door
}

func (s *Server) routes(d *dispatcher, registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	calls := &rpc{dispatcher: d, door: newDoor(s.auth, d.metrics, d.log)}
	mux.Handle("POST /{$}", calls)
	mux.Handle("POST /rpc", calls)
	mux.HandleFunc("GET /healthz", healthy)
	if d.View != nil {
		s.mount(mux, calls.door, d.View, d.Feed)
	}
	open := s.cfg.local()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		// Other machines' users may know whether, not why.
		if open || !r.URL.Query().Has("verbose") || calls.door.admits(w, r) {
			d.serveReady(w, r)
		}
	})
	if registry == nil {
		return mux
	}
	scrape := promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		// Whoever is on this machine may read them, other machines' users may not.
		if open || calls.door.admits(w, r) {
			w.Header().Set("Connection", "close")
			scrape.ServeHTTP(w, r)
		}
	})
	return mux
}

// healthy answers that the process runs. Whoever has not shown a password keeps no
// connection open.
func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"status":"ok"}`+"\n") // the client has gone: nobody to tell
}

// mount serves a dashboard beside what else there is.
func (s *Server) mount(mux *http.ServeMux, d *door, view dashboard.View, feed *dashboard.Feed, more ...dashboard.Route) {
	pages := dashboard.New(view, feed, d, s.cfg.local(), more...)
	for _, path := range []string{"GET /", "GET /api/v1/", "POST /api/v1/", "GET /events"} {
		mux.Handle(path, pages)
	}
}

// ServeHTTP implements http.Handler.
func (c *rpc) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !c.door.admits(w, r) {
		return
	}
	if err := c.gate.enter(r.Context()); err != nil {
		refuseHTTP(w, c.metrics, http.StatusServiceUnavailable, errBusy.Error())
		return
	}
	defer c.gate.leave()

	body, release, err := c.readBody(w, r)
	defer release()
	if err != nil {
		status := http.StatusBadRequest
		switch {
		case errors.Is(err, errTooLarge):
			status = http.StatusRequestEntityTooLarge
		case errors.Is(err, errBusy):
			status = http.StatusServiceUnavailable
		}
		refuseHTTP(w, c.metrics, status, err.Error())
		return
	}
	// A handler may take longer than a body: from here on only the end of the
	// connection ends the call. See guard for the error.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	c.serve(w, r, body)
}

// readBody reads what the caller may send. release gives back the place that a
// large body has taken; it is never nil.
func (c *rpc) readBody(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	release = func() {}
	if r.ContentLength > maxSubmission {
		return nil, release, errTooLarge
	}
	limit := http.MaxBytesReader(w, r.Body, maxSubmission)
	body, err = io.ReadAll(io.LimitReader(limit, maxBody+1))
	if err != nil || len(body) <= maxBody {
		return body, release, readError(err)
	}
	if !bytes.Contains(body, []byte(`"`+submitBlock+`"`)) {
		return nil, release, errTooLarge
	}
	if refused := c.takeHeavy(r.Context()); refused != nil {
		return nil, release, errBusy
	}
	release = func() { <-c.heavy }
	all := bytes.NewBuffer(body)
	if _, err := all.ReadFrom(limit); err != nil {
		return nil, release, readError(err)
	}
	return all.Bytes(), release, nil
}

func readError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return errTooLarge
	default:
		return errors.New("the body was cut off or came too slowly")
	}
}

// serve answers a body that has been read.
func (c *rpc) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	if err := wellFormed(body); err != nil {
		c.reply(w, newAnswer(request{id: json.RawMessage("null")}, nil, refuse(btcjson.ErrRPCParse.Code, "Parse error: %v", err)))
		return
	}
	if len(body) > maxBody {
		// A batch has no method of its own and is refused as well.
		if q, _ := parseRequest(body); q.method != submitBlock {
			refuseHTTP(w, c.metrics, http.StatusRequestEntityTooLarge, errTooLarge.Error())
			return
		}
	}
	if kindOf(body) == "array" {
		c.serveBatch(w, r, body)
		return
	}
	a := c.call(r.Context(), body)
	if a.request.silent {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	c.reply(w, a)
}

// serveBatch answers call after call, each written before the next one runs, so
// that a hundred blocks are never in memory together.
func (c *rpc) serveBatch(w http.ResponseWriter, r *http.Request, body []byte) {
	var calls []json.RawMessage
	if err := json.Unmarshal(body, &calls); err != nil {
		c.reply(w, newAnswer(request{id: json.RawMessage("null")}, nil, refuse(btcjson.ErrRPCParse.Code, "Parse error: %v", err)))
		return
	}
	if len(calls) > maxBatch {
		c.reply(w, newAnswer(request{id: json.RawMessage("null")}, nil, refuseRequest("a batch of %d calls is more than %d", len(calls), maxBatch)))
		return
	}
	out := bufio.NewWriterSize(w, answerBuffer)
	control := http.NewResponseController(w)
	lead := "["
	for _, raw := range calls {
		a := c.call(r.Context(), raw)
		if a.request.silent {
			continue
		}
		_ = control.SetWriteDeadline(time.Now().Add(writeTimeout)) // see guard
		if _, err := out.WriteString(lead); err != nil {
			return // nobody reads any more
		}
		if err := a.write(out); err != nil {
			return
		}
		lead = ","
	}
	switch {
	case lead == ",":
		_, _ = out.WriteString("]\n")
	case len(calls) > 0: // notifications only
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		_, _ = out.WriteString("[]\n")
	}
	_ = out.Flush() // an error means that nobody reads any more
}

// reply writes one answer with the status that bitcoind gives it.
func (c *rpc) reply(w http.ResponseWriter, a answer) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // see guard
	w.WriteHeader(statusOf(a))
	out := bufio.NewWriterSize(w, answerBuffer)
	if err := a.write(out); err != nil {
		return // nobody reads any more
	}
	_ = out.WriteByte('\n')
	_ = out.Flush()
}

// statusOf is 200 in JSON-RPC 2.0; in 1.0 errors show in the status as well.
func statusOf(a answer) int {
	switch {
	case a.err == nil || a.request.v2:
		return http.StatusOK
	case a.err.Code == btcjson.ErrRPCMethodNotFound.Code:
		return http.StatusNotFound
	case a.err.Code == btcjson.ErrRPCInvalidRequest.Code, a.err.Code == btcjson.ErrRPCParse.Code:
		return http.StatusBadRequest
	default:
		return http.StatusInternalServerError
	}
}

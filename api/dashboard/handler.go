package dashboard

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

const (
	// prefix is where routes are.
	prefix = "/api/v1/"
	// maxBody of an action: a partition that names each of 100 nodes takes 2 KB.
	maxBody = 64 << 10
	// readRate is how many answers are given a second, to all readers together, and
	// readBurst how many at once: at ~100 µs each 2 % of a core, and a page asks for ten a
	// second. It keeps readers from slowing the node down, however many there are.
	readRate  = 200
	readBurst = 100
	// maxPaced is how many requests wait for their turn: at 20 KB each 1.3 MB.
	maxPaced = 64
)

// Keys says what the sender of a request may do.
type Keys interface {
	// Holds says whether it carries the password, or the token.
	Holds(r *http.Request) bool
	// Admit says the same, and answers the request if it does not: with a challenge, at
	// which a browser asks its user, or with a [RefusalError].
	Admit(w http.ResponseWriter, r *http.Request, challenge bool) bool
}

// handler serves one view.
type handler struct {
	view  View
	keys  Keys
	open  bool // whoever reaches it may read
	cache *cache
	pace  *rate.Limiter
	queue chan struct{}
}

// New returns the handler of a view, its events and further routes, for the paths "/",
// "/api/v1/" and "/events" and below. Open lets everybody read who can reach it; otherwise
// all takes the password.
func New(view View, feed *Feed, keys Keys, open bool, more ...Route) http.Handler {
	h := &handler{
		view: view, keys: keys, open: open, cache: newCache(),
		pace: rate.NewLimiter(readRate, readBurst), queue: make(chan struct{}, maxPaced),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"info", h.info)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		if h.admits(w, r, false) {
			feed.ServeHTTP(w, r)
		}
	})
	for _, route := range append(routes(view), more...) {
		if route.method() == http.MethodPost {
			mux.HandleFunc("POST "+prefix+route.Path, func(w http.ResponseWriter, r *http.Request) { h.act(w, r, route) })
		} else {
			mux.HandleFunc("GET "+prefix+route.Path, func(w http.ResponseWriter, r *http.Request) { h.read(w, r, route) })
		}
	}
	for _, method := range []string{"GET ", "POST "} {
		mux.HandleFunc(method+prefix, func(w http.ResponseWriter, r *http.Request) {
			Refuse(w, NotFound("there is no %s%.80s here", method, r.URL.Path))
		})
	}
	page := newPage()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if h.open || keys.Admit(w, r, true) {
			page.ServeHTTP(w, r)
		}
	})
	return mux
}

// admits says whether the sender may read, and answers if not.
func (h *handler) admits(w http.ResponseWriter, r *http.Request, private bool) bool {
	if h.open && !private {
		if !h.keys.Holds(r) {
			w.Header().Set("Connection", "close") // who has shown no password keeps none open for long
		}
		return true
	}
	return h.keys.Admit(w, r, false)
}

// info is answered for each sender by himself.
func (h *handler) info(w http.ResponseWriter, r *http.Request) {
	if !h.admits(w, r, false) || !h.paced(w, r) {
		return
	}
	i := h.view.Info()
	i.Writable = h.keys.Holds(r)
	answer(w, i)
}

// paced waits for the request's turn, and answers it if too many wait.
func (h *handler) paced(w http.ResponseWriter, r *http.Request) bool {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		w.Header().Set("Retry-After", "1")
		Refuse(w, busy("too many requests wait for an answer: ask again in a second, or follow /events"))
		return false
	}
	return h.pace.Wait(r.Context()) == nil
}

// read answers a question, from what was answered a moment ago if it can.
func (h *handler) read(w http.ResponseWriter, r *http.Request, route Route) {
	if !h.admits(w, r, route.Private) || !h.paced(w, r) {
		return
	}
	q, err := route.query(r.URL.Query())
	if err != nil {
		Refuse(w, err)
		return
	}
	body, err := h.cache.get(r.Context(), question{route.Path, q.Name, q.Count}, func() ([]byte, error) {
		v, err := route.Handle(r.Context(), q)
		if err != nil {
			return nil, err
		}
		return json.Marshal(v)
	})
	if err != nil {
		Refuse(w, err)
		return
	}
	write(w, body)
}

// act does what whoever holds the password asks for.
func (h *handler) act(w http.ResponseWriter, r *http.Request, route Route) {
	if !h.keys.Admit(w, r, false) {
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		Refuse(w, &RefusalError{http.StatusUnsupportedMediaType, "bad_request", "actions take Content-Type: application/json"})
		return
	}
	q, err := route.query(r.URL.Query())
	if err == nil {
		q.Body, err = body(w, r)
	}
	var done any
	if err == nil {
		// An action may take longer than its request.
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // an error means a test's connection
		done, err = route.Handle(r.Context(), q)
	}
	if err != nil {
		Refuse(w, err)
		return
	}
	h.cache.clear() // whoever acts wants to see what he has done
	if done == nil {
		done = struct{}{}
	}
	answer(w, done)
}

func body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, &RefusalError{http.StatusRequestEntityTooLarge, "bad_request", "the body is larger than 64 KiB"}
	}
	if err != nil {
		return nil, BadRequest("the body was cut off or came too slowly")
	}
	return raw, nil
}

func answer(w http.ResponseWriter, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		Refuse(w, err)
		return
	}
	write(w, raw)
}

func write(w http.ResponseWriter, raw []byte) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(slices.Clip(raw), '\n')) // the client has gone: nobody to tell
}

package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/pappus-network/pappus/api/dashboard"
)

// Bounds on one HTTP connection. Source: hostile-peer rows R1 and R2.
const (
	headerTimeout = 2 * time.Second  // first byte to end of the headers
	bodyTimeout   = 10 * time.Second // end of the headers to end of the body
	// writeTimeout is for the whole answer: the largest, 8 MB of hexadecimal
	// digits, takes a link of 1.2 Mbit/s that long.
	writeTimeout = 60 * time.Second
	idleTimeout  = 60 * time.Second // between two requests
	// maxHeader is 8 KiB less the 4 KiB that net/http adds to what it is told.
	maxHeader = 8<<10 - 4<<10
	// maxConns is how many connections are open at once: at ~30 KB of goroutine
	// and buffers each, 8 MB. The next ones wait in the kernel's queue.
	maxConns = 256
	// drainTimeout is how long a stop waits for answers that are under way; the
	// node has 5 s in all.
	drainTimeout = 2 * time.Second
)

// Server is the API of one node.
type Server struct {
	cfg     Config
	log     *slog.Logger
	auth    *auth
	handler http.Handler
	ready   chan struct{}
	addr    net.Addr // set before ready is closed
}

// New prepares the API. It refuses settings that would open it to strangers.
func New(cfg Config, backend Backend, log *slog.Logger) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := backend.validate(); err != nil {
		return nil, err
	}
	counters, err := newMetrics(backend.Metrics)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg:   cfg,
		log:   log,
		auth:  newAuth(cfg.User, cfg.Password, cfg.Auth...),
		ready: make(chan struct{}),
	}
	s.handler = newGuard(cfg, s.routes(newDispatcher(backend, counters, log), backend.Metrics), counters)
	return s, nil
}

// NewDashboard prepares an API that has no node behind it: the dashboard of a view, whose
// token opens its actions. It refuses settings that would open it to strangers.
func NewDashboard(cfg Config, view dashboard.View, feed *dashboard.Feed, log *slog.Logger, more ...dashboard.Route) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	counters, err := newMetrics(nil)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: log, auth: newAuth(cfg.User, cfg.Password, cfg.Auth...), ready: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", healthy)
	s.mount(mux, newDoor(s.auth, counters, log), view, feed, more...)
	s.handler = newGuard(cfg, mux, counters)
	return s, nil
}

// Token is the bearer token that is as good as the cookie. Whoever has it may do anything.
func (s *Server) Token() string { return s.auth.token() }

// Ready is closed once the API listens and its cookie is written.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Addr returns where the API listens, nil before [Server.Ready].
func (s *Server) Addr() net.Addr {
	select {
	case <-s.ready:
		return s.addr
	default:
		return nil
	}
}

// Run listens and answers until ctx ends, then lets answers under way finish.
// It may be called once.
func (s *Server) Run(ctx context.Context) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return listenError(s.cfg.Listen, err)
	}
	return s.serve(ctx, l)
}

// listenError says what the operator can do.
func listenError(addr string, err error) error {
	const other = "choose another with --api HOST:PORT, or --api off"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("api address %s is taken, perhaps by another node: %s: %w", addr, other, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("api address %s is not one of this machine: %s: %w", addr, other, err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("api address %s may not be opened by this user (ports below 1024 are root's): %s: %w", addr, other, err)
	default:
		return fmt.Errorf("listen on api address %s: %w", addr, err)
	}
}

// serve answers on l, which it closes.
func (s *Server) serve(ctx context.Context, l net.Listener) (err error) {
	// The cookie comes after the port: a second node that cannot listen must not
	// replace the first one's.
	if err := writeCookie(s.cfg.Dir, s.auth.cookie); err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { err = errors.Join(err, removeCookie(s.cfg.Dir, s.auth.cookie)) }()
	s.addr = l.Addr()
	close(s.ready)
	s.log.Info("api listens", "addr", s.addr.String())

	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(limitConns(l, maxConns)) }() // ends with Close or Shutdown below
	select {
	case err := <-ended:
		return fmt.Errorf("serve api: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		// Somebody reads too slowly to be waited for.
		s.log.Debug("api connections cut", "err", err)
		_ = server.Close()
	}
	<-ended
	return nil
}

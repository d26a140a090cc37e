package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	syncservice "github.com/testground/sync-service"
	"github.com/testground/testground/pkg/logging"
	"go.uber.org/zap"
)

// seat is where an instance runs.
type seat struct {
	enter   func() error // on the thread that starts it; nil = nowhere special
	sidecar bool         // its network is shaped
	subnet  string       // of the data network
	sync    string       // host:port of the sync service, as it sees it
}

// place gives instances their seats, and lasts as long as they do.
type place interface {
	// seat returns the k-th, from 0, which may be taken until ctx ends.
	seat(ctx context.Context, k int) (seat, error)
	// run serves until ctx ends, and returns when all that it started has ended.
	run(ctx context.Context) error
	// summary says what the network has done, for people; it may be empty.
	summary() string
}

// service is Testground's sync service, in memory. Its server listens on every
// interface, and the library leaves no choice: its states and topics are open to whoever
// reaches the port while a run lasts.
func service(ctx context.Context) (*syncservice.DefaultService, error) {
	logging.SetLevel(zap.ErrorLevel) // it tells of every client that goes
	s, err := syncservice.NewDefaultService(ctx, zap.NewNop().Sugar())
	if err != nil {
		return nil, fmt.Errorf("make the sync service: %w", err)
	}
	return s, nil
}

// open is the machine's own network.
type open struct {
	server *syncservice.Server
}

func newOpen(service syncservice.Service) (*open, error) {
	server, err := syncservice.NewServer(service, 0)
	if err != nil {
		return nil, fmt.Errorf("listen for the sync service: %w", err)
	}
	return &open{server}, nil
}

// seat implements place. The subnet is the one that Testground's local:exec names.
func (o *open) seat(context.Context, int) (seat, error) {
	return seat{subnet: "127.1.0.0/16", sync: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.server.Port()))}, nil
}

// run implements place.
func (o *open) run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() { served <- o.server.Serve() }() // ends with Shutdown
	<-ctx.Done()
	err := o.server.Shutdown(context.WithoutCancel(ctx))
	<-served // says no more than that it was shut down
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

var _ place = (*open)(nil)

// Command syncd is Testground's sync service for local:exec, on the port where that
// looks for it. Testground's own program is the same library with everything else
// around it; this one builds in seconds.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	syncservice "github.com/testground/sync-service"
	"go.uber.org/zap"
)

// port is where instances of local:exec look for the service.
const port = 5050

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "syncd:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	service, err := syncservice.NewDefaultService(ctx, zap.NewNop().Sugar())
	if err != nil {
		return fmt.Errorf("make the sync service: %w", err)
	}
	server, err := syncservice.NewServer(service, port)
	if err != nil {
		return fmt.Errorf("listen on port %d: %w: does another one run?", port, err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve() }() // ends with Shutdown
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return server.Shutdown(context.WithoutCancel(ctx))
	}
}

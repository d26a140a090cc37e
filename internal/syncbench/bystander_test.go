package syncbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// bystander, set in the environment, turns the test binary into a server that answers
// requests with nothing.
const bystander = "PAPPUS_SYNCBENCH_BYSTANDER"

// serveNothing serves until standard input is closed.
func serveNothing() error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	s := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ReadHeaderTimeout: time.Second}
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, os.Stdin) // an error is an end as well
		_ = s.Close()
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// askBystander asks a bystander as often as [subject.askHeights] asks a node, until the
// function that it returns is called, which returns what each answer took.
func askBystander(b *testing.B) func() []time.Duration {
	b.Helper()
	cmd, held, addr := companion(b, bystander, 1)
	ctx, stop := context.WithCancel(b.Context())
	answers := make(chan []time.Duration)
	go func() { answers <- askAgain(ctx, addr) }() // ends with ctx
	return func() []time.Duration {
		stop()
		times := <-answers
		if err := errors.Join(held.Close(), cmd.Wait()); err != nil {
			b.Error(err)
		}
		return times
	}
}

func askAgain(ctx context.Context, addr string) (times []time.Duration) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr, http.NoBody)
		if err != nil {
			return times
		}
		at := time.Now()
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			return times // ctx has ended
		}
		times = append(times, time.Since(at))
		_ = a.Body.Close() // empty
		select {
		case <-ctx.Done():
			return times
		case <-tick.C:
		}
	}
}

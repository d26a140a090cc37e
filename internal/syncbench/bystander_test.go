package syncbench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// bystanding is set for the process that is a [TestBystander].
const bystanding = "PAPPUS_SYNCBENCH_BYSTANDER"

// TestBystander is no test: as a process of a benchmark's it answers requests with
// nothing, until its standard input ends.
func TestBystander(t *testing.T) {
	if os.Getenv(bystanding) == "" {
		t.Skip("it is a process of BenchmarkReadersDuringSync")
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("bystander at %s\n", l.Addr())
	s := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ReadHeaderTimeout: time.Second}
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, os.Stdin) // an error is an end as well
		_ = s.Close()
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		t.Fatal(err)
	}
}

// askBystander asks a bystander as often as [subject.askHeights] asks a node, until the
// function that it returns is called, which returns what each answer took.
func askBystander(b *testing.B) func() []time.Duration {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestBystander$")
	cmd.Env = append(os.Environ(), bystanding+"=1")
	held, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	addr := strings.TrimSpace(strings.TrimPrefix(line, "bystander at "))
	ctx, stop := context.WithCancel(b.Context())
	answers := make(chan []time.Duration)
	go func() { answers <- askAgain(ctx, addr) }() // ends with ctx
	return func() []time.Duration {
		stop()
		times := <-answers
		_ = held.Close() // so that it ends
		go func() { _, _ = io.Copy(io.Discard, out) }()
		_ = cmd.Wait() // its test passes
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

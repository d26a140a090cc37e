package syncbench

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/proc"
)

// pages is how many there are who ask for everything, again as soon as they have it, and follow
// the events as well.
const pages = 50

// questions are those that a page puts, at their largest.
func questions() []string {
	return []string{
		"/api/v1/info", "/api/v1/network", "/api/v1/node", "/api/v1/peers", "/api/v1/blocks?count=100", "/api/v1/mempool?count=1000", "/api/v1/addresses?count=1000",
	}
}

// BenchmarkSyncWithPages compares a sync from one peer that is bound by the processor,
// of many signatures, with the same while 50 heavy readers use the API. They are in this
// process: what they cost themselves counts as well.
func BenchmarkSyncWithPages(b *testing.B) {
	s := prepare(b, chaingen.Mixed(800))
	server := s.serve(b, 1)[0].Addr(b)
	var alone, read result
	var answers atomic.Int64
	for b.Loop() {
		r := s.sync(b, []string{server})
		alone.took, alone.cpu = alone.took+r.took, alone.cpu+r.cpu
		r = s.syncUnder(b, []string{server}, func(ctx context.Context, p *proc.Process) {
			at := apiOf(b, p)
			for range pages { // end with ctx
				go follow(ctx, at)
				go ask(ctx, at, 0, &answers)
			}
		})
		read.took, read.cpu = read.took+r.took, read.cpu+r.cpu
	}
	b.ReportMetric(alone.took.Seconds()/float64(b.N), "alone-s")
	b.ReportMetric(read.took.Seconds()/float64(b.N), "read-s")
	b.ReportMetric(read.took.Seconds()/alone.took.Seconds(), "read/alone")
	b.ReportMetric(read.cpu.Seconds()/alone.cpu.Seconds(), "read/alone-cpu")
	b.ReportMetric(float64(answers.Load())/read.took.Seconds(), "answers/s")
}

// BenchmarkIdleWithPage has a node with a peer in step with it, and a page that follows the
// events and asks for everything once a second.
func BenchmarkIdleWithPage(b *testing.B) {
	const span = 30 * time.Second
	s := prepare(b, chaingen.Small(2000))
	hub := s.serve(b, 1)[0]
	p := proc.Start(b, s.bin, chainName, b.TempDir(), "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0", "--connect", hub.Addr(b))
	s.await(b, p)
	rest := func() time.Duration {
		begun := p.CPU(b)
		timer := time.NewTimer(span)
		defer timer.Stop()
		<-timer.C
		return p.CPU(b) - begun
	}
	var idle, open time.Duration
	for b.Loop() {
		idle += rest()
		ctx, cancel := context.WithCancel(b.Context())
		at := apiOf(b, p)
		go follow(ctx, at)
		go ask(ctx, at, time.Second/time.Duration(len(questions())), new(atomic.Int64))
		open += rest()
		cancel()
	}
	share := func(d time.Duration) float64 { return 100 * d.Seconds() / (span.Seconds() * float64(b.N)) }
	b.ReportMetric(share(idle), "idle-%core")
	b.ReportMetric(share(open), "open-%core")
}

func apiOf(b *testing.B, p *proc.Process) string {
	b.Helper()
	addr, err := os.ReadFile(filepath.Join(p.Dir, "api"))
	if err != nil {
		b.Fatal(err)
	}
	return "http://" + strings.TrimSpace(string(addr))
}

// follow reads events until ctx ends.
func follow(ctx context.Context, at string) {
	if a, err := fetch(ctx, at+"/events"); err == nil {
		_, _ = io.Copy(io.Discard, a) // ends with ctx or the node
		_ = a.Close()
	}
}

// ask asks in turn until ctx ends, with a pause after each answer.
func ask(ctx context.Context, at string, pause time.Duration, answers *atomic.Int64) {
	for i := 0; ctx.Err() == nil; i++ {
		a, err := fetch(ctx, at+questions()[i%len(questions())])
		if err != nil {
			return // the node has ended
		}
		if _, err := io.Copy(io.Discard, a); err == nil {
			answers.Add(1)
		}
		_ = a.Close()
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

func fetch(ctx context.Context, url string) (io.ReadCloser, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	return a.Body, nil
}

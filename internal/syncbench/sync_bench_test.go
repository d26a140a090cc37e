package syncbench

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/proc"
	"github.com/pappus-network/pappus/internal/shape"
)

// The chains of the field's comparison: 330 MB of few signatures, 171 MB with
// 438,494 of them.
func blob() chaingen.Shape  { return chaingen.Blob(330) }
func mixed() chaingen.Shape { return chaingen.Mixed(3000) }

const megabyte = 1e6

// BenchmarkSyncFromOne compares a sync from one peer with the import of the same
// blocks from a file, both from the start of the process to its clean end.
func BenchmarkSyncFromOne(b *testing.B) {
	for _, c := range []struct {
		name   string
		shape  chaingen.Shape
		assume bool
	}{
		{"blob/full", blob(), false},
		{"blob/assume-valid", blob(), true},
		{"mixed/full", mixed(), false},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := prepare(b, c.shape)
			var args []string
			if c.assume {
				args = []string{"--assume-valid", fmt.Sprintf("%s:%d", s.tip, s.height)}
			}
			server := s.serve(b, 1)[0]
			var imported, synced time.Duration
			var peak int64
			for b.Loop() {
				took := s.importInto(b, filepath.Join(b.TempDir(), "import"), args...)
				imported += took
				r := s.sync(b, []string{server.Addr(b)}, args...)
				synced += r.took
				peak = max(peak, r.peak)
			}
			b.ReportMetric(imported.Seconds()/float64(b.N), "import-s")
			b.ReportMetric(synced.Seconds()/float64(b.N), "sync-s")
			b.ReportMetric(synced.Seconds()/imported.Seconds(), "sync/import")
			b.ReportMetric(float64(peak)/megabyte, "peak-MB")
		})
	}
}

// BenchmarkSyncFromThree has three servers, each behind 10 MB/s and 25 ms one
// way, and compares with the time that their rates add up to.
func BenchmarkSyncFromThree(b *testing.B) {
	const rate = 10_000_000
	s := prepare(b, blob())
	var addrs []string
	for _, server := range s.serve(b, 3) {
		_, addr := through(b, server, shape.Config{Rate: rate, Delay: 25 * time.Millisecond})
		addrs = append(addrs, addr)
	}
	bound := float64(s.bytes) / (3 * rate)
	var synced time.Duration
	for b.Loop() {
		synced += s.sync(b, addrs, "--assume-valid", fmt.Sprintf("%s:%d", s.tip, s.height)).took
	}
	b.ReportMetric(bound, "bound-s")
	b.ReportMetric(synced.Seconds()/float64(b.N), "sync-s")
	b.ReportMetric(synced.Seconds()/float64(b.N)/bound, "sync/bound")
}

// BenchmarkSyncWithStall has two servers of which one goes silent after 30 MB,
// and compares with both of them answering.
func BenchmarkSyncWithStall(b *testing.B) {
	s := prepare(b, blob())
	servers := s.serve(b, 2)
	assume := []string{"--assume-valid", fmt.Sprintf("%s:%d", s.tip, s.height)}
	var healthy, stalled time.Duration
	for b.Loop() {
		_, one := through(b, servers[0], shape.Config{})
		_, other := through(b, servers[1], shape.Config{})
		healthy += s.sync(b, []string{one, other}, assume...).took
		link, two := through(b, servers[1], shape.Config{})
		link.StallAfter(30 * megabyte)
		stalled += s.sync(b, []string{one, two}, assume...).took
		if link.Moved() < 30*megabyte {
			b.Fatalf("the link moved only %d bytes: it never stalled", link.Moved())
		}
	}
	b.ReportMetric(healthy.Seconds()/float64(b.N), "healthy-s")
	b.ReportMetric(stalled.Seconds()/float64(b.N), "stalled-s")
	b.ReportMetric((stalled-healthy).Seconds()/float64(b.N), "lost-s")
}

// BenchmarkIdle has a node with ten peers in step with it.
func BenchmarkIdle(b *testing.B) {
	const peers = 10
	s := prepare(b, chaingen.Small(2000))
	var now int64
	for b.Loop() {
		hub := s.serve(b, 1)[0]
		for range peers {
			dir := b.TempDir()
			p := proc.Start(b, s.bin, chainName, dir, "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0", "--connect", hub.Addr(b))
			s.await(b, p)
		}
		n, _ := hub.Memory(b)
		now = max(now, n)
	}
	b.ReportMetric(float64(now)/megabyte, "idle-MB")
}

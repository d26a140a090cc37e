package syncbench

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pappus-network/pappus/api/client"
	"github.com/pappus-network/pappus/internal/chaingen"
	"github.com/pappus-network/pappus/internal/proc"
)

const (
	heavyReaders = 50
	// askEvery is how often a monitor asks for the height: often enough for a hundredth of
	// the answers to be dozens, seldom enough to cost the node nothing.
	askEvery = 10 * time.Millisecond
	// retryAfter is when a reader that was told to come again does so.
	retryAfter = 100 * time.Millisecond
)

// BenchmarkReadersDuringSync measures how long a height takes to be answered while the
// node validates on all cores, and what fifty programs that read whole blocks over the API
// cost the sync. Beside it a server that does nothing but answer is asked the same way, in a
// process of its own: how long that takes is the machine's doing.
func BenchmarkReadersDuringSync(b *testing.B) {
	s := prepare(b, chaingen.Mixed(1000))
	server := s.serve(b, 1)[0]
	var quiet, crowded time.Duration
	var alone, among, idle []time.Duration
	blocks := 0
	for b.Loop() {
		ask := askBystander(b)
		took, times, _ := s.syncRead(b, server, 0)
		quiet, alone, idle = quiet+took, append(alone, times...), append(idle, ask()...)
		took, times, n := s.syncRead(b, server, heavyReaders)
		crowded, among, blocks = crowded+took, append(among, times...), blocks+n
	}
	n := float64(b.N)
	b.ReportMetric(quiet.Seconds()/n, "sync-s")
	b.ReportMetric(crowded.Seconds()/n, "sync-read-s")
	b.ReportMetric(crowded.Seconds()/quiet.Seconds(), "read/quiet")
	b.ReportMetric(milliseconds(alone, 0.5), "p50-ms")
	b.ReportMetric(milliseconds(alone, 0.99), "p99-ms")
	b.ReportMetric(milliseconds(among, 0.99), "p99-read-ms")
	b.ReportMetric(milliseconds(idle, 0.5), "bystander-p50-ms")
	b.ReportMetric(milliseconds(idle, 0.99), "bystander-p99-ms")
	b.ReportMetric(float64(blocks)/crowded.Seconds(), "blocks-read/s")
}

// milliseconds is a quantile.
func milliseconds(all []time.Duration, share float64) float64 {
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return float64(all[int(share*float64(len(all)-1))]) / float64(time.Millisecond)
}

// syncRead syncs an empty node that so many programs read blocks from, and returns what it
// took, how long each question for the height did, and how many blocks were read.
func (s *subject) syncRead(b *testing.B, server *proc.Process, readers int) (time.Duration, []time.Duration, int) {
	b.Helper()
	dir := b.TempDir()
	begun := time.Now()
	p := proc.Start(b, s.bin, chainName, dir, "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0", "--connect", server.Addr(b))
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	var wg sync.WaitGroup
	var mu sync.Mutex
	read := 0
	for range readers {
		wg.Go(func() { // ends with ctx
			n := readBlocks(ctx, p)
			mu.Lock()
			defer mu.Unlock()
			read += n
		})
	}
	times := s.askHeights(ctx, b, p)
	took := time.Since(begun)
	cancel()
	wg.Wait()
	p.Stop(b)
	return took, times, read
}

// askHeights asks for the height until it is the chain's.
func (s *subject) askHeights(ctx context.Context, b *testing.B, p *proc.Process) []time.Duration {
	b.Helper()
	c, err := client.Dial(p.Dir)
	if err != nil {
		b.Fatal(err)
	}
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	var times []time.Duration
	for {
		var height int32
		at := time.Now()
		if err := c.Call(ctx, "getblockcount", nil, &height); err != nil {
			b.Fatalf("%v\n%s", err, p.Log())
		}
		times = append(times, time.Since(at))
		if height >= s.height {
			return times
		}
		<-tick.C
	}
}

// readBlocks reads the tip's block in full, again and again, and returns how often.
func readBlocks(ctx context.Context, p *proc.Process) (n int) {
	c, err := client.Dial(p.Dir)
	if err != nil {
		return 0
	}
	for ctx.Err() == nil {
		var hash string
		var block json.RawMessage
		err := c.Call(ctx, "getbestblockhash", nil, &hash)
		if err == nil {
			err = c.Call(ctx, "getblock", []any{hash, 2}, &block)
		}
		if err == nil {
			n++
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
	return n
}

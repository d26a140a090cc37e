package spread

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/libp2p/go-libp2p/core/peer"
)

// stream makes hashes that look random.
func stream(n uint64) chainhash.Hash {
	var h chainhash.Hash
	r := rand.NewPCG(n, 1)
	for i := 0; i < 32; i += 8 {
		binary.LittleEndian.PutUint64(h[i:], r.Uint64())
	}
	return h
}

// crowd returns a schedule with so many outbound and inbound peers.
func crowd(cfg Config, outbound, inbound int) *Schedule {
	s := New(cfg, rand.NewPCG(1, 2), begin)
	for i := range outbound + inbound {
		s.Join(begin, peer.ID(fmt.Sprint(i)), i >= outbound)
	}
	return s
}

// spied is a second of a node to which 1,000 transactions a second are added,
// each announced by every peer but the silent spies. It returns the longest
// time spent in one Tick.
func spied(s *Schedule, honest int, second int) (worst time.Duration) {
	now := begin.Add(time.Duration(second) * time.Second)
	for i := range 1000 {
		tx := stream(uint64(second*1000 + i))
		now = now.Add(time.Millisecond)
		s.Knows("0", tx)
		s.Add(now, tx, "0")
		for p := 1; p < honest; p++ {
			s.Knows(peer.ID(fmt.Sprint(p)), tx)
		}
		if next := s.Next(); !next.IsZero() && !next.After(now) {
			t := time.Now()
			s.Tick(now)
			worst = max(worst, time.Since(t))
		}
	}
	return worst
}

// TestSilentSpiesCostNothing is T7 of the hostile peers: in May 2023 peers that
// never announced anything made Core sort ever longer queues.
func TestSilentSpiesCostNothing(t *testing.T) {
	for _, c := range []struct{ outbound, inbound, honest int }{{4, 4, 7}, {8, 117, 20}} {
		s := crowd(Diffusion(), c.outbound, c.inbound)
		var worst time.Duration
		for second := range 60 {
			worst = max(worst, spied(s, c.honest, second))
		}
		// Measured: 0.5 ms and 5 ms. The bound is for a machine that does other
		// things; the queue's bound is tested exactly elsewhere.
		if worst > 200*time.Millisecond {
			t.Errorf("%d peers: a Tick took %v", c.outbound+c.inbound, worst)
		}
		t.Logf("%d peers: the longest Tick took %v", c.outbound+c.inbound, worst)
	}
}

// BenchmarkSpy is a second at 1,000 transactions/s; worst-µs is the longest Tick.
func BenchmarkSpy(b *testing.B) {
	for _, c := range []struct {
		name                      string
		outbound, inbound, honest int
	}{
		{"1 of 8 peers", 4, 4, 7},
		{"105 of 125 peers", 8, 117, 20},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := crowd(Diffusion(), c.outbound, c.inbound)
			var worst time.Duration
			for second := 0; b.Loop(); second++ {
				worst = max(worst, spied(s, c.honest, second))
			}
			b.ReportMetric(float64(worst.Microseconds()), "worst-µs")
		})
	}
}

// BenchmarkFullQueue is one Tick in which the fullest queues are announced to 117
// inbound peers, 5,000 to each.
func BenchmarkFullQueue(b *testing.B) {
	s := crowd(Diffusion(), 0, 117)
	n := uint64(0)
	now := begin
	for b.Loop() {
		b.StopTimer()
		for range 5000 {
			n++
			s.Add(now, stream(n))
		}
		now = s.Next()
		b.StartTimer()
		s.Tick(now)
	}
}

// BenchmarkTransaction is the whole way of one transaction through the schedule
// of a simulated node with 8 outbound and 8 inbound peers.
func BenchmarkTransaction(b *testing.B) {
	for _, cfg := range []Config{Flooding(), Diffusion()} {
		b.Run(fmt.Sprintf("flood %v", cfg.Flood), func(b *testing.B) {
			s := crowd(cfg, 8, 8)
			now := begin
			b.ReportAllocs()
			for n := uint64(0); b.Loop(); n++ {
				tx := stream(n)
				s.Knows("3", tx)
				s.Add(now, tx, "3")
				s.Knows("9", tx)
				for next := s.Next(); !next.IsZero(); next = s.Next() {
					now = next
					s.Tick(now)
				}
			}
		})
	}
}

// TestIdleScheduleIsSmall: the simulator holds tens of thousands.
func TestIdleScheduleIsSmall(t *testing.T) {
	const n = 2000
	measure := func(peers int) float64 {
		ids := make([]peer.ID, peers)
		for i := range ids {
			ids[i] = peer.ID(fmt.Sprint(i))
		}
		all := make([]*Schedule, n)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range all {
			all[i] = New(Diffusion(), rand.NewPCG(1, 2), begin)
			for k, p := range ids {
				all[i].Join(begin, p, k%2 == 0)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(all)
		return float64(after.HeapAlloc-before.HeapAlloc) / n
	}
	empty, full := measure(0), measure(64)
	t.Logf("%.0f bytes, and %.0f a peer", empty, (full-empty)/64)
	if empty > 1024 || (full-empty)/64 > 128 {
		t.Errorf("%.0f bytes, and %.0f a peer", empty, (full-empty)/64)
	}
}

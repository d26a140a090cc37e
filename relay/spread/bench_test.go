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

// pass lets a transaction pass: the honest peers announce it before or after we
// add it, the others are silent.
func pass(s *Schedule, now time.Time, tx chainhash.Hash, honest int) {
	s.Knows("0", tx)
	s.Add(now, tx, "0")
	for p := 1; p < honest; p++ {
		s.Knows(peer.ID(fmt.Sprint(p)), tx)
	}
}

// TestSilentSpiesQueueIsBounded is T7 of the hostile peers: in May 2023 peers
// that never announced anything made Core sort ever longer queues. At 5,000 a
// second the queue is full after a second; nobody is told more than it holds.
func TestSilentSpiesQueueIsBounded(t *testing.T) {
	cfg := Diffusion()
	s := crowd(cfg, 4, 4)
	now, most := begin, 0
	for n := range 100_000 {
		now = now.Add(200 * time.Microsecond)
		told := map[peer.ID]int{}
		pass(s, now, numbered(n), 7)
		for _, b := range s.Tick(now) {
			told[b.To] += len(b.Txs)
			most = max(most, told[b.To])
		}
	}
	if most != cfg.MaxQueue || s.Dropped() == 0 {
		t.Errorf("a peer is told of %d at once, want %d; %d dropped", most, cfg.MaxQueue, s.Dropped())
	}
}

// BenchmarkSpy is a second at 1,000 transactions/s, with what it takes to make
// them up. worst-µs is the longest Tick in all of them.
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
			now, worst := begin, time.Duration(0)
			for n := uint64(0); b.Loop(); {
				for range 1000 {
					n++
					now = now.Add(time.Millisecond)
					pass(s, now, stream(n), c.honest)
					before := b.Elapsed()
					s.Tick(now)
					worst = max(worst, b.Elapsed()-before)
				}
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
